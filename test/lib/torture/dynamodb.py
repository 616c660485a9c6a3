"""DynamoDB Local, asked past the extension, and the fault server in front."""

import http.client
import json
import os
import subprocess
import sys
import urllib.parse


def post(endpoint, operation, request):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(endpoint).netloc, timeout=60)
    connection.request('POST', '/', json.dumps(request), {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': f'DynamoDB_20120810.{operation}',
        'x-amz-date': '20260101T000000Z',
        'authorization': 'AWS4-HMAC-SHA256 Credential=local/20260101/us-west-2/dynamodb/aws4_request, '
                         'SignedHeaders=host, Signature=0'})
    reply = connection.getresponse()
    body = json.loads(reply.read() or b'{}')
    connection.close()
    if reply.status != 200:
        raise RuntimeError(f'{operation}: {body}')
    return body


def make_table(endpoint, name):
    post(endpoint, 'CreateTable', {
        'TableName': name, 'BillingMode': 'PAY_PER_REQUEST',
        'KeySchema': [{'AttributeName': 'pk', 'KeyType': 'HASH'}, {'AttributeName': 'sk', 'KeyType': 'RANGE'}],
        'AttributeDefinitions': [{'AttributeName': 'pk', 'AttributeType': 'S'},
                                 {'AttributeName': 'sk', 'AttributeType': 'S'}]})


def number(item):
    """The number that an item of any of our writers carries."""
    if item is None:
        return None
    if 'data' in item:
        return json.loads(item['data']['S'])['v']
    return int(item['v']['N'])


def all_items(endpoint, table):
    """Every item of a table by (pk, sk)."""
    found, start = {}, {}
    while True:
        page = post(endpoint, 'Scan', {'TableName': table, 'ConsistentRead': True, **start})
        found.update({(item['pk']['S'], item['sk']['S']): item for item in page['Items']})
        if 'LastEvaluatedKey' not in page:
            return found
        start = {'ExclusiveStartKey': page['LastEvaluatedKey']}


class FaultServer:
    def __init__(self, root, upstream, log):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(root, 'test/servers/fault_server.py'), '--upstream', upstream, '--log', log],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.url = f'http://127.0.0.1:{self.port}'

    def random(self, seed, faults):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        connection.request('PUT', '/__random', json.dumps({'seed': seed, 'faults': faults}))
        reply = connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError(body)
        connection.close()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()

#!/usr/bin/env python3
"""A DynamoDB that misbehaves on request.

Alone, or in front of a real one (--upstream URL). It prints "PORT n" and
serves until its standard input ends, so that it never outlives its test.
With --mode tls it prints a second line, "CA path".

Modes
  script     answer as told by the script, below
  tls        the same over TLS; --certificate good | self-signed | wrong-name |
             expired, and --tls-max 1.2 for no newer version
  blackhole  accept connections and never say anything
  backlog    never accept: the queue is full, so that connect() itself hangs

Control, on the same port (not logged, not counted)
  PUT /__script   JSON list of steps; replaces what is left of the last one
  PUT /__reset    forget the script and the log
  GET /__log      [{operation, body, headers, time, connection, step}, ...]
  PUT /__random   {"seed": n, "faults": {name: probability}}: requests without a
                  step get a fault at random; random_faults.py has the names,
                  no faults end it
  GET /__count    {requests, connections, open, steps_left}
  PUT /__late     pass on the requests that were held up; returns the statuses
                  of the answers

With --log FILE each request is a line of JSON in that file instead of an entry
of /__log: what was asked, the step, whether the upstream has been asked, and
its answer.

Steps are used up one a request. When none is left, requests are passed on to
the upstream, or answered 200 {} without one. A step is an object with at most
one of these actions, the default being "pass":
  "action": "pass"              as if there were no step
  "reply": {"status": 200, "headers": {}, "body": object or text}
                                answer this; a header of null is left out, the
                                value "CRC" stands for the body's CRC-32; with
                                "apply": true the request is passed on first.
                                A conflict is status 400 and a body with the
                                __type "x#TransactionConflictException";
                                throttling with a pause of the service's is
                                "x#ThrottlingException" and the header
                                "x-amz-retry-after": "250", in milliseconds
  "close_without_reply": true   reset the connection, nothing is applied
  "apply_then_reset": true      pass on, then reset instead of answering
  "late": n                     reset, and pass on n ms later, as a request does
                                that was held up on its way; with true not
                                before the control below says so
  "hang": true                  never answer, nothing is applied
  "apply_then_hang": true       pass on, then never answer
  "cut_body": n                 whole headers, n bytes of the body, close; the
                                body is "body" if given, else 500 blanks; with
                                "apply": true the upstream's answer
  "cut_answer": n               pass on, then the first n bytes of the answer,
                                counted from the status line, and close
  "huge": n                     200 with an item of n bytes in all; "apply" too
  "unprocessed": k              pass on a batch but for the last k entries of
                                each table, and hand those back
  "empty_page": true            a page without items and with a next key; asked
                                for that, the page that was asked for here
  "raw": text                   these bytes instead of HTTP, then close; "apply"
                                too
and any of
  "match": operation            wait for this operation, others pass
  "repeat": n                   use the step n times, -1 for ever
  "delay_ms": n                 wait before anything else
  "delay_reply_ms": n           wait between applying and answering
  "crc": "good" | "bad" | "none"  the answer's x-amz-crc32
  "chunked": true               chunked instead of Content-Length
  "close": true                 close the connection after the answer
  "drip": {"bytes": 1, "every_ms": 50}  send the answer's body slowly
"""

import argparse
import collections
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
import zlib

from random_faults import RandomFaults

ACTIONS = {
    "action", "reply", "close_without_reply", "apply_then_reset", "late", "hang",
    "apply_then_hang", "cut_body", "cut_answer", "huge",
    "unprocessed", "empty_page", "raw",
}
MODIFIERS = {
    "match", "repeat", "delay_ms", "delay_reply_ms", "crc", "chunked", "close",
    "drip", "body", "apply",
}
# Of an upstream's headers, those that are ours to set.
HOP_HEADERS = {"connection", "content-length", "transfer-encoding", "date", "server"}

Request = collections.namedtuple("Request", "method path headers body")
Reply = collections.namedtuple("Reply", "status headers body")


class Closed(Exception):
    """The peer has closed the connection, or we are to close it."""


class State:
    """The script and the log, shared by all connections."""

    def __init__(self, log_path=None):
        self.lock = threading.Lock()
        self.connection_ids = itertools.count(1)
        self.open = 0
        self.random = None
        self.seen = 0
        self.log_file = open(log_path, "a", encoding="utf-8") if log_path else None
        # Keys that empty pages ended with -> the key that was asked for there.
        self.empty_pages = {}
        self.late = []
        self.reset()

    def reset(self):
        self.steps = collections.deque()
        self.log = []

    def set_script(self, steps):
        for step in steps:
            check_step(step)
        self.steps = collections.deque(dict(step) for step in steps)

    def next_step(self, operation, body):
        """The step for a request; the first one decides, later ones wait."""
        if not self.steps:
            return self.random.step(operation, body) if self.random else {}
        step = self.steps[0]
        if step.get("match", operation) != operation:
            return {}
        left = step.get("repeat", 1)
        if left == 1:
            self.steps.popleft()
        elif left > 1:
            step["repeat"] = left - 1
        return step

    def record(self, request, connection):
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        with self.lock:
            step = self.next_step(operation, request.body)
            self.seen += 1
            entry = {
                "operation": operation,
                "method": request.method,
                "path": request.path,
                "headers": request.headers,
                "body": request.body.decode("utf-8", "replace"),
                "time": time.time(),
                "connection": connection,
                "step": step,
            }
            if not self.log_file:
                self.log.append(entry)
        return entry, step

    def finish(self, entry):
        """Writes a request's line once all is known about it."""
        if self.log_file:
            line = {name: entry[name] for name in entry if name not in ("headers", "method", "path")}
            with self.lock:
                self.log_file.write(json.dumps(line) + "\n")
                self.log_file.flush()

    def counts(self):
        return {
            "requests": len(self.log) if not self.log_file else self.seen,
            "connections": len({entry["connection"] for entry in self.log}),
            "open": self.open,
            "steps_left": len(self.steps),
        }


def check_step(step):
    unknown = set(step) - ACTIONS - MODIFIERS
    if unknown:
        raise ValueError(f"unknown in a step: {', '.join(sorted(unknown))}")
    if len(ACTIONS & set(step)) > 1:
        raise ValueError(f"more than one action in {json.dumps(step)}")
    if step.get("action", "pass") != "pass":
        raise ValueError(f"unknown action {step['action']}")


class Connection:
    """Serves one client connection, a request after the other."""

    def __init__(self, server, sock):
        self.server = server
        self.state = server.state
        self.sock = sock
        self.buffer = b""
        self.id = next(self.state.connection_ids)
        self.entry = {}
        self.upstream = None

    def run(self):
        with self.state.lock:
            self.state.open += 1
        try:
            while True:
                request = self.read_request()
                if request.path.startswith("/__"):
                    self.control(request)
                else:
                    self.serve(request)
        except (Closed, OSError):
            pass
        finally:
            with self.state.lock:
                self.state.open -= 1
            self.sock.close()
            if self.upstream:
                self.upstream.close()

    # reading

    def fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed
        self.buffer += data

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def take_line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def read_request(self):
        method, path, _ = self.take_line().split(" ", 2)
        headers = {}
        for line in iter(self.take_line, ""):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self.read_chunks()
        else:
            body = self.take(int(headers.get("content-length", 0)))
        return Request(method, path, headers, body)

    def read_chunks(self):
        parts = []
        while True:
            size = int(self.take_line().partition(";")[0], 16)
            parts.append(self.take(size))
            self.take_line()
            if size == 0:
                return b"".join(parts)

    # control

    def control(self, request):
        status, answer = 200, {}
        with self.state.lock:
            if request.path == "/__script" and request.method == "PUT":
                try:
                    self.state.set_script(json.loads(request.body))
                except (ValueError, TypeError, AttributeError) as error:
                    status, answer = 400, {"error": str(error)}
            elif request.path == "/__random" and request.method == "PUT":
                try:
                    wanted = json.loads(request.body)
                    faults = wanted.get("faults")
                    self.state.random = RandomFaults(wanted.get("seed", 0), faults) if faults else None
                except (ValueError, TypeError, AttributeError) as error:
                    status, answer = 400, {"error": str(error)}
            elif request.path == "/__reset" and request.method == "PUT":
                self.state.reset()
            elif request.path == "/__late":
                late, self.state.late = self.state.late, []
                answer = [self.server.pass_on(each).status for each in late]
            elif request.path == "/__log":
                answer = list(self.state.log)
            elif request.path == "/__count":
                answer = self.state.counts()
            else:
                status, answer = 404, {"error": "no such control"}
        self.send_reply(Reply(status, {}, json.dumps(answer).encode()), {})

    # answering

    def serve(self, request):
        self.entry, step = self.state.record(request, self.id)
        try:
            self.carry_out(request, self.entry["operation"], step)
        finally:
            self.state.finish(self.entry)

    def carry_out(self, request, operation, step):
        sleep_ms(step.get("delay_ms", 0))
        if step.get("close_without_reply"):
            self.reset()
        if step.get("hang"):
            self.hang()
        if step.get("late"):
            self.hold_up(request, step["late"])
            self.reset()
        if step.get("apply") and "cut_body" not in step:
            self.forward(self.after_empty_page(request))
        if "raw" in step:
            self.sock.sendall(step["raw"].encode("latin-1"))
            raise Closed
        if "cut_body" in step:
            self.cut_body(request, step)
        if "huge" in step:
            self.send_huge(step)
            return
        reply = self.reply_for(request, operation, step)
        if step.get("apply_then_reset"):
            self.reset()
        if step.get("apply_then_hang"):
            self.hang()
        sleep_ms(step.get("delay_reply_ms", 0))
        if "cut_answer" in step:
            answer = self.headers(reply, step, len(reply.body)) + reply.body
            self.sock.sendall(answer[:step["cut_answer"]])
            raise Closed
        self.send_reply(reply, step)
        if step.get("close"):
            raise Closed

    def reply_for(self, request, operation, step):
        if "reply" in step:
            return scripted_reply(step["reply"])
        request = self.after_empty_page(request)
        if "unprocessed" in step:
            return self.unprocessed(request, operation, step["unprocessed"])
        if step.get("empty_page"):
            return self.empty_page(request)
        return self.forward(request)

    def hold_up(self, request, how_long):
        if how_long is True:
            with self.state.lock:
                self.state.late.append(request)
            return
        timer = threading.Timer(how_long / 1000, self.server.pass_on, [request])
        timer.daemon = True
        timer.start()

    def empty_page(self, request):
        """A page of nothing whose next key stands for the request's own."""
        document = json.loads(request.body)
        token = uuid.uuid4().hex
        with self.state.lock:
            self.state.empty_pages[token] = document.get("ExclusiveStartKey")
        body = {"Count": 0, "ScannedCount": 0, "LastEvaluatedKey": {"empty": {"S": token}}}
        if document.get("Select") != "COUNT":
            body["Items"] = []
        return Reply(200, {}, json.dumps(body).encode())

    def after_empty_page(self, request):
        """The request with the key that it would have without an empty page."""
        if b'"empty"' not in request.body:
            return request
        document = json.loads(request.body)
        token = document.get("ExclusiveStartKey", {}).get("empty", {}).get("S")
        with self.state.lock:
            if token not in self.state.empty_pages:
                return request
            key = self.state.empty_pages[token]
        del document["ExclusiveStartKey"]
        if key is not None:
            document["ExclusiveStartKey"] = key
        return request._replace(body=json.dumps(document).encode())

    def forward(self, request):
        if not self.server.upstream:
            return Reply(200, {}, b"{}")
        headers = end_to_end(request.headers)
        for attempt in (1, 2):
            if self.upstream is None:
                self.upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
            try:
                self.upstream.request(request.method, request.path, request.body, headers)
                reply = self.upstream.getresponse()
                body = reply.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                # A kept connection may have been closed meanwhile.
                self.upstream.close()
                self.upstream = None
                if attempt == 2:
                    raise Closed from None
        self.entry["upstream"] = {"status": reply.status, "body": body.decode("utf-8", "replace")}
        kept = {name: value for name, value in reply.getheaders()
                if name.lower() not in HOP_HEADERS}
        return Reply(reply.status, kept, body)

    def unprocessed(self, request, operation, count):
        document = json.loads(request.body)
        items = document["RequestItems"]
        member = "UnprocessedItems" if operation == "BatchWriteItem" else "UnprocessedKeys"
        held = {}
        for table in list(items):
            items[table], held[table] = split_batch(items[table], count)
            if not batch_entries(items[table]):
                del items[table]
            if not batch_entries(held[table]):
                del held[table]
        if items:
            reply = self.forward(request._replace(body=json.dumps(document).encode()))
            if reply.status != 200:
                return reply
            answer = json.loads(reply.body)
        else:
            answer = {} if operation == "BatchWriteItem" else {"Responses": {}}
        for table, entry in held.items():
            answer.setdefault(member, {})[table] = entry
        return Reply(200, {}, json.dumps(answer).encode())

    def reset(self):
        """Closes so that the peer gets a reset rather than an end of file."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Closed

    def hang(self):
        while True:
            self.fill()
            self.buffer = b""

    def cut_body(self, request, step):
        if step.get("apply"):
            body = self.forward(request).body
        else:
            body = body_bytes(step.get("body", " " * 500))
        headers = self.headers(Reply(200, {}, body), step, len(body))
        self.sock.sendall(headers + body[:step["cut_body"]])
        raise Closed

    def send_huge(self, step):
        start, end = b'{"Item":{"data":{"S":"', b'"}}}'
        size = max(step["huge"] - len(start) - len(end), 0)
        length = None if step.get("chunked") else len(start) + size + len(end)
        self.sock.sendall(self.headers(Reply(200, {}, b""), {**step, "crc": "none"}, length))
        block = b"x" * 65536
        pieces = itertools.chain(
            [start], itertools.repeat(block, size // len(block)), [block[:size % len(block)], end])
        for piece in pieces:
            if not piece:
                continue
            self.sock.sendall(chunk(piece) if step.get("chunked") else piece)
        if step.get("chunked"):
            self.sock.sendall(b"0\r\n\r\n")

    def send_reply(self, reply, step):
        chunked = step.get("chunked")
        head = self.headers(reply, step, None if chunked else len(reply.body))
        body = reply.body
        if chunked:
            body = (chunk(body) if body else b"") + b"0\r\n\r\n"
        if "drip" not in step:
            self.sock.sendall(head + body)
            return
        self.sock.sendall(head)
        size = step["drip"].get("bytes", 1)
        for start in range(0, len(body), size):
            sleep_ms(step["drip"].get("every_ms", 50))
            self.sock.sendall(body[start:start + size])

    def headers(self, reply, step, length):
        headers = {
            "x-amzn-requestid": uuid.uuid4().hex.upper(),
            "content-type": "application/x-amz-json-1.0",
            "x-amz-crc32": "CRC",
            "date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
        }
        headers.update({name.lower(): value for name, value in reply.headers.items()})
        crc = zlib.crc32(reply.body)
        if step.get("crc") == "bad":
            headers["x-amz-crc32"] = str(crc ^ 1)
        elif step.get("crc") == "none":
            headers["x-amz-crc32"] = None
        if length is None:
            headers["transfer-encoding"] = "chunked"
        else:
            headers["content-length"] = str(length)
        if step.get("close"):
            headers["connection"] = "close"
        reason = http.client.responses.get(reply.status, "Unknown")
        lines = [f"HTTP/1.1 {reply.status} {reason}"]
        lines += [f"{name}: {crc if value == 'CRC' else value}"
                  for name, value in headers.items() if value is not None]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def end_to_end(headers):
    """The headers of a request that go on to the upstream."""
    return {name: value for name, value in headers.items()
            if name not in ("connection", "content-length", "expect", "transfer-encoding")}


def sleep_ms(milliseconds):
    if milliseconds:
        time.sleep(milliseconds / 1000)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def body_bytes(body):
    text = body if isinstance(body, str) else json.dumps(body)
    return text.encode()


def scripted_reply(reply):
    return Reply(reply.get("status", 200), reply.get("headers", {}),
                 body_bytes(reply.get("body", {})))


def batch_entries(entry):
    return entry["Keys"] if isinstance(entry, dict) else entry


def split_batch(entry, count):
    """Splits one table's part of a batch into what is done and what is not."""
    entries = batch_entries(entry)
    cut = max(len(entries) - count, 0)
    if isinstance(entry, dict):
        return {**entry, "Keys": entries[:cut]}, {**entry, "Keys": entries[cut:]}
    return entries[:cut], entries[cut:]


class Server:
    def __init__(self, options):
        self.state = State(options.log)
        self.upstream = urllib.parse.urlsplit(options.upstream).netloc if options.upstream else None
        self.listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
        self.tls = None

    def pass_on(self, request):
        """Passes a request on by a connection of its own."""
        upstream = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            upstream.request(request.method, request.path, request.body, end_to_end(request.headers))
            reply = upstream.getresponse()
            return Reply(reply.status, {}, reply.read())
        finally:
            upstream.close()

    def accept_forever(self):
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_side=True)
            except (OSError, ssl.SSLError):
                sock.close()
                return
        Connection(self, sock).run()

    def swallow_forever(self):
        """Accepts and keeps connections without ever reading or writing."""
        kept = []
        while True:
            kept.append(self.listener.accept())


def fill_backlog(port):
    """A listener whose queue is full: the kernel ignores further SYNs."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    kept = []
    for _ in range(16):
        client = socket.socket()
        client.settimeout(0.2)
        kept.append(client)
        try:
            client.connect(listener.getsockname())
        except socket.timeout:
            return listener, kept
    raise RuntimeError("the accept queue does not fill")


def openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificate(directory, kind, tls_max):
    """Makes a key and a certificate of the kind; returns the context to serve
    with and the file that a client would have to trust."""
    def path(name):
        return os.path.join(directory, name)

    name = "IP:192.0.2.1" if kind == "wrong-name" else "IP:127.0.0.1,DNS:localhost"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test CA",
            "-keyout", path("ca.key"), "-out", path("ca.crt"))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test",
            "-keyout", path("server.key"), "-out", path("server.csr"))
    with open(path("ext"), "w", encoding="ascii") as extensions:
        extensions.write(f"subjectAltName={name}\n")
    signer = ("-signkey", path("server.key")) if kind == "self-signed" else \
        ("-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial")
    openssl("x509", "-req", "-in", path("server.csr"), "-extfile", path("ext"),
            "-days", "-1" if kind == "expired" else "1", "-out", path("server.crt"), *signer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path("server.crt"), path("server.key"))
    if tls_max == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context, path("ca.crt")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--upstream", metavar="URL")
    parser.add_argument("--mode", default="script",
                        choices=("script", "tls", "blackhole", "backlog"))
    parser.add_argument("--log", metavar="FILE")
    parser.add_argument("--certificate", default="good",
                        choices=("good", "self-signed", "wrong-name", "expired"))
    parser.add_argument("--tls-max", default="1.3", choices=("1.2", "1.3"))
    return parser.parse_args()


def in_thread(function):
    threading.Thread(target=function, daemon=True).start()


def main():
    options = parse_options()
    directory = None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if options.mode == "backlog":
            listener, _kept = fill_backlog(options.port)
            print("PORT", listener.getsockname()[1], flush=True)
        else:
            server = Server(options)
            if options.mode == "tls":
                directory = tempfile.mkdtemp()
                server.tls, ca_file = make_certificate(directory, options.certificate,
                                                         options.tls_max)
            in_thread(server.swallow_forever if options.mode == "blackhole"
                      else server.accept_forever)
            print("PORT", server.listener.getsockname()[1], flush=True)
            if options.mode == "tls":
                print("CA", ca_file, flush=True)
        sys.stdin.buffer.read()
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()

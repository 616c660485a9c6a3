// Pages through a query with the AWS SDK and prints what that took:
//   node sdk_query.mjs endpoint typed|unmarshalled
// Typed are the SDK's own objects, as its client returns them.

import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'

const [endpoint, mode] = process.argv.slice(2)
const client = new DynamoDBClient({
    endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})

// How many rows; at most so many pages.
const query = async (pages) => {
    let rows = 0
    let start
    for (let page = 0; page < pages && (page === 0 || start); page++) {
        const reply = await client.send(new QueryCommand({
            TableName: 'plain',
            KeyConditionExpression: 'pk = :p',
            ExpressionAttributeValues: { ':p': { S: 'P0000' } },
            ExclusiveStartKey: start,
        }))
        const items = mode === 'typed' ? reply.Items : reply.Items.map((item) => unmarshall(item))
        rows += items.length
        start = reply.LastEvaluatedKey
    }
    return rows
}

await query(10)
const cpu = process.cpuUsage()
const rows = await query(Infinity)
const { user, system } = process.cpuUsage(cpu)
console.log(JSON.stringify({ rows, cpu: (user + system) / 1e6 }))

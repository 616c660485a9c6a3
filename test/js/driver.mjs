// Does what it is told on standard input, a JSON object a line, and answers a
// line each: { result } or { error, message }. See test/t/031_javascript.pl.
//
//   node driver.mjs endpoint table

import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { AtomicDynamoDB, RaceCondition } from './atomic.mjs'

const [endpoint, table] = process.argv.slice(2)
const client = new DynamoDBClient({
    endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})
const db = new AtomicDynamoDB(client, table)

// JSON text in ASCII, binary as {"base64"}: the same for the same value only.
const show = (value) =>
    JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? { base64: Buffer.from(v).toString('base64') } : v))
        .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)

// The reverse of show for an AttributeValue.
const binary = (value) => {
    if (Array.isArray(value)) return value.map(binary)
    if (value === null || typeof value !== 'object') return value
    if (typeof value.base64 === 'string') return Buffer.from(value.base64, 'base64')
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, binary(member)]))
}

async function increment({ item, lock, times }) {
    let lost = 0
    for (let done = 0; done < times;) {
        try {
            const held = await db.getLock(lock)
            const { value } = (await db.get(item)) ?? { value: 0 }
            await db.setAtomic([{ ...item, data: { value: value + 1 } }], held)
            done++
        } catch (error) {
            if (!(error instanceof RaceCondition)) throw error
            lost++
            await sleep(Math.random() * 20)
        }
    }
    return lost
}

// Of every item in a partition: its sort key, the attribute data, and what
// JSON.parse and JSON.stringify make of a text.
async function dump({ pk }) {
    const { Items } = await client.send(new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
    }))
    return Items.map(({ sk, data }) => ({
        sk: sk.S,
        data: show(data),
        ...(data.S !== undefined && { text: show(data.S), again: show(JSON.stringify(JSON.parse(data.S))) }),
    }))
}

const commands = {
    set: ({ pk, sk, json, native }) => db.set({ pk, sk, data: JSON.parse(json) }, native),
    put: ({ item }) => client.send(new PutItemCommand({ TableName: table, Item: binary(item) })),
    get: async ({ pk, sk }) => show(await db.getRaw({ pk, sk })),
    data: async ({ pk, sk }) => show(await db.get({ pk, sk })),
    getLock: ({ pk, sk }) => db.getLock({ pk, sk }),
    setAtomic: ({ items, lock }) => db.setAtomic(items, lock),
    increment,
    dump,
}

for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...rest } = JSON.parse(line)
    let answer
    try {
        answer = { result: (await commands[command](rest)) ?? null }
    } catch (error) {
        answer = { error: error instanceof RaceCondition ? 'RaceCondition' : error.name, message: error.message }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
}

// Writes and compares items of any type on nothing but the SDK, for
// test/t/035_roundtrip.pl. One command a run, JSON on standard output.
//
//   node items.mjs endpoint write table < array of items, typed JSON
//   node items.mjs endpoint random table n seed
//   node items.mjs endpoint compare table table

import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'

const [endpoint, command, ...args] = process.argv.slice(2)
const client = new DynamoDBClient({
    endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})
const BATCH = 25
const IN_FLIGHT = 8
const SEGMENTS = 4

// Typed JSON as the SDK wants it: binary in bytes.
const toSdk = (value) => {
    const [[type, content]] = Object.entries(value)
    switch (type) {
        case 'B': return { B: Buffer.from(content, 'base64') }
        case 'BS': return { BS: content.map((b) => Buffer.from(b, 'base64')) }
        case 'L': return { L: content.map(toSdk) }
        case 'M': return { M: itemToSdk(content) }
        default: return value
    }
}
const itemToSdk = (item) => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toSdk(value)]))

// A number as its sign, digits and power of ten. DynamoDB answers with one
// spelling of a number; DynamoDB Local keeps what was written within a map.
const number = (text) => {
    const [, sign, whole, fraction = '', power = '0'] = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text)
    const digits = (whole + fraction).replace(/^0+/, '')
    const significant = digits.replace(/0+$/, '')
    if (significant === '') return '0'
    return `${sign === '-' ? '-' : ''}${significant}e${Number(power) - fraction.length + digits.length - significant.length}`
}

// The same text for the same value only: names sorted, sets sorted.
const canonical = (value) => {
    const [[type, content]] = Object.entries(value)
    const base64 = (bytes) => Buffer.from(bytes).toString('base64')
    switch (type) {
        case 'B': return `B${base64(content)}`
        case 'BS': return `BS${JSON.stringify(content.map(base64).sort())}`
        case 'N': return `N${number(content)}`
        case 'NS': return `NS${JSON.stringify(content.map(number).sort())}`
        case 'SS': return `SS${JSON.stringify([...content].sort())}`
        case 'L': return `L[${content.map(canonical).join()}]`
        case 'M': return `M${canonicalItem(content)}`
        default: return `${type}${JSON.stringify(content)}`
    }
}
const canonicalItem = (item) =>
    `{${Object.keys(item).sort().map((name) => `${JSON.stringify(name)}:${canonical(item[name])}`).join()}}`

// A generator of numbers from 0 to 1 that a seed determines (mulberry32).
const randomFrom = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

class Generator {
    constructor(seed) {
        this.random = randomFrom(seed)
    }

    below(n) {
        return Math.floor(this.random() * n)
    }

    pick(list) {
        return list[this.below(list.length)]
    }

    list(n, make) {
        return Array.from({ length: n }, (_, i) => make(i))
    }

    string(max) {
        const ranges = [[0x20, 0x7f], [0x61, 0x7b], [0xa0, 0x180], [0x3040, 0x30ff], [0x1f600, 0x1f640], [0, 0x20]]
        return this.list(this.below(max + 1), () => {
            const [from, to] = this.pick(ranges)
            return String.fromCodePoint(from + this.below(to - from))
        }).join('')
    }

    // A name, plain as a rule, else one that something might trip over.
    name(i) {
        const odd = ['$b', '$m', '$s', '$ss', '$ns', '$bs', 'a.b', 'a-b', '_x', '9', 'size', ' ', '"', '\\', '#n', ':v',
            'é', '日本', '\u{1f600}', '\u0000', 'a\u0000b', '[0]', '{}', '__proto__x', 'x'.repeat(300)]
        return this.below(4) === 0 ? this.pick(odd) : `n${i}${this.string(4)}`
    }

    // At most 38 digits that do not end in 0, so that they come back as written.
    number() {
        const sign = this.pick(['', '-'])
        const digits = `${1 + this.below(9)}${this.list(this.below(37), () => this.below(10)).join('')}`.replace(/0+$/, '')
        switch (this.below(4)) {
            case 0: return '0'
            case 1: return `${sign}${1 + this.below(1000)}`
            case 2: {
                const point = 1 + this.below(digits.length)
                return sign + (point < digits.length ? `${digits.slice(0, point)}.${digits.slice(point)}` : digits)
            }
            default: return `${sign}${digits}e${this.below(125 + 129 - digits.length) - 129}`
        }
    }

    bytes() {
        return Buffer.from(this.list(this.below(20), () => this.below(256)))
    }

    set(make, key) {
        const members = new Map(this.list(1 + this.below(4), make).map((member) => [key(member), member]))
        return [...members.values()]
    }

    map(depth) {
        return Object.fromEntries(this.list(this.below(4), (i) => [this.name(i), this.value(depth + 1)]))
    }

    // depth counts the containers around the value.
    value(depth = 0) {
        const containers = depth < 4 || (depth < 31 && this.below(4) > 0) ? 2 : 0
        switch (this.below(8 + containers)) {
            case 0: return { S: this.string(40) }
            case 1: return { N: this.number() }
            case 2: return { BOOL: this.below(2) === 0 }
            case 3: return { NULL: true }
            case 4: return { B: this.bytes() }
            case 5: return { SS: this.set(() => this.string(8), (s) => s) }
            case 6: return { NS: this.set(() => `${this.below(1e6) - 5e5}`, (n) => n) }
            case 7: return { BS: this.set(() => this.bytes(), (b) => b.toString('hex')) }
            case 8: return { L: this.list(this.below(4), () => this.value(depth + 1)) }
            default: return { M: this.map(depth) }
        }
    }

    // As deep as DynamoDB takes it: 31 containers around a scalar.
    deepest() {
        let value = { N: '1' }
        for (let i = 0; i < 31; i++) value = this.below(2) ? { L: [value] } : { M: { [this.name(i)]: value } }
        return value
    }

    item(i) {
        const item = { pk: { S: `p${this.below(1000)}` }, sk: { N: `${i}` } }
        for (let n = this.below(5); n > 0; n--) item[`a${n}${this.name(n)}`] = this.value()
        if (i % 100 === 0) item.deep = this.deepest()
        return item
    }
}

async function inParallel(tasks, n) {
    let next = 0
    const worker = async () => { while (next < tasks.length) await tasks[next++]() }
    await Promise.all(Array.from({ length: n }, worker))
}

async function writeBatch(table, items) {
    let RequestItems = { [table]: items.map((Item) => ({ PutRequest: { Item } })) }
    while (Object.keys(RequestItems).length > 0) {
        ({ UnprocessedItems: RequestItems = {} } = await client.send(new BatchWriteItemCommand({ RequestItems })))
    }
}

async function random(table, n, seed) {
    const generator = new Generator(Number(seed))
    const tasks = []
    for (let i = 0; i < n; i += BATCH) {
        const items = generator.list(Math.min(BATCH, n - i), (j) => generator.item(i + j))
        tasks.push(() => writeBatch(table, items))
    }
    await inParallel(tasks, IN_FLIGHT)
    return { written: Number(n) }
}

// What DynamoDB refuses is told by its name, in the place of the item.
async function write(table) {
    const results = []
    for (const item of JSON.parse(await text(process.stdin))) {
        try {
            await client.send(new PutItemCommand({ TableName: table, Item: itemToSdk(item) }))
            results.push('written')
        } catch (error) {
            results.push(error.name)
        }
    }
    return results
}

async function digests(table) {
    const found = new Map()
    await inParallel(Array.from({ length: SEGMENTS }, (_, Segment) => async () => {
        let ExclusiveStartKey
        do {
            const page = await client.send(new ScanCommand(
                { TableName: table, Segment, TotalSegments: SEGMENTS, ExclusiveStartKey }))
            for (const item of page.Items) {
                const key = canonicalItem({ pk: item.pk, sk: item.sk ?? { NULL: true } })
                found.set(key, createHash('md5').update(canonicalItem(item)).digest('base64'))
            }
            ExclusiveStartKey = page.LastEvaluatedKey
        } while (ExclusiveStartKey)
    }), SEGMENTS)
    return found
}

async function compare(left, right) {
    const [a, b] = [await digests(left), await digests(right)]
    const different = [...a.keys()].filter((key) => b.get(key) !== a.get(key))
    return { left: a.size, right: b.size, different: different.length, first: different.slice(0, 3) }
}

const commands = { write, random, compare }
process.stdout.write(`${JSON.stringify(await commands[command](...args))}\n`)

// Executes operations on entities with the npm package electrodb, as it is told
// on standard input, a JSON object a line, and answers a line each: { result } or
// { error, code, cause, message }. See test/t/062_electrodb.pl; the neutral form
// of operations is that of the vectors, which src/entity/operation.h tells.
//
//   node entities.mjs endpoint table

import { createInterface } from 'node:readline'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { Entity, Service } from 'electrodb'

const [endpoint, table] = process.argv.slice(2)
const client = new DynamoDBClient({
    endpoint,
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})
let entities
let service

// JSON has no regular expressions: they are {"regex", "flags"} in models.
const revive = (_, value) =>
    (value !== null && typeof value === 'object' && typeof value.regex === 'string' ? new RegExp(value.regex, value.flags) : value)

function define({ models }) {
    entities = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(models), revive))
        .map(([alias, model]) => [alias, new Entity(model, { client, table })]))
    service = new Service(entities)
}

// What "a.b[0].c" names, from the object that electrodb gives for attributes.
const follow = (attributes, path) =>
    path.replace(/\[(\d+)\]/g, '.$1').split('.').reduce((place, name) => place[name], attributes)

const comparisons = { eq: '=', ne: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' }

function operand(described, attributes, op) {
    if ('name' in described) return op.name(follow(attributes, described.name))
    if ('escape' in described) return op.escape(described.escape)
    if ('field' in described) return op.field(described.field)
    if ('size' in described) return op.size(follow(attributes, described.size))
    return op.value(follow(attributes, described.attr), described.value)
}

function condition(described, attributes, op) {
    const nested = (inner) => (['and', 'or'].includes(inner.op)
        ? `(${condition(inner, attributes, op)})` : condition(inner, attributes, op))
    const attr = described.attr && follow(attributes, described.attr)
    switch (described.op) {
        case 'and':
        case 'or': return described.args.map(nested).join(` ${described.op.toUpperCase()} `)
        case 'not': return `NOT ${nested(described.arg)}`
        case 'compare':
            return [operand(described.left, attributes, op), described.cmp, operand(described.right, attributes, op)].join(' ')
        case 'between': return op.between(attr, described.from, described.to)
        case 'exists':
        case 'notExists': return op[described.op](attr)
        default:
            if (!('ref' in described)) return op[described.op](attr, described.value)
            return `${op.name(attr)} ${comparisons[described.op]} ${op.name(follow(attributes, described.ref))}`
    }
}

function assign(list, attributes, op) {
    for (const { op: name, attr, value, ref, default: fallback } of list) {
        const given = ref === undefined ? value : op.name(follow(attributes, ref))
        op[name](follow(attributes, attr), ...[given, fallback].filter((argument) => argument !== undefined))
    }
}

function sortKey(query, { op, value, from, to }) {
    return op === 'between' ? query.between(from, to) : query[op](value)
}

// The chain of calls that an operation stands for, up to go() or commit().
function chained(operation, members = entities) {
    const { entity, method, attributes, key, keys, items, index, collection, sk } = operation
    let call
    switch (method) {
        case 'collection': call = service.collections[collection](key); break
        case 'query': call = members[entity].query[index](key); break
        case 'scan': call = members[entity].scan; break
        case 'batchGet': return members[entity].get(keys)
        case 'batchDelete': return members[entity].delete(keys)
        case 'batchPut': return members[entity].put(items)
        default: call = members[entity][method](attributes ?? key)
    }
    if (sk) call = sortKey(call, sk)
    for (const step of operation.chain ?? []) {
        const [[name, argument]] = Object.entries(step)
        call = call[name](name === 'data' ? (attr, op) => assign(argument, attr, op) : argument)
    }
    for (const clause of operation.where ?? []) call = call.where((attr, op) => condition(clause, attr, op))
    return call
}

function transact({ method, items, options }) {
    const kind = method === 'transactWrite' ? 'write' : 'get'
    return service.transaction[kind]((members) =>
        items.map((item) => chained(item, members).commit(item.commit ?? item.options))).go(options)
}

function operate({ operation }) {
    const { method, options, item } = operation
    if (method === 'rawPut') return client.send(new PutItemCommand({ TableName: table, Item: item }))
    if (method.startsWith('transact')) return transact(operation)
    return chained(operation).go(options)
}

const commands = { define, operate }

for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...rest } = JSON.parse(line)
    let answer
    try {
        answer = { result: (await commands[command](rest)) ?? null }
    } catch (error) {
        answer = { error: error.name, code: error.code ?? null, cause: error.cause?.name ?? null, message: error.message }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
}

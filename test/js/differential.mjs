// Makes up models and operations, has the npm package electrodb carry them out
// against replies that are made up, too, and prints each as a vector, a JSON
// object a line: { name, models, table, operation, requests, response, result }
// or error, its number. See test/t/063_electrodb_differential.pl.
//
//   node differential.mjs seed n
//
// What src/entity does otherwise on purpose is not made up: keys that are
// attributes, numeric keys of 0, static templates of secondary indexes, empty
// sets, sets in conditions, values of wrong types.

import { Readable } from 'node:stream'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { Entity, Service } from 'electrodb'

const [seed, n] = process.argv.slice(2).map(Number)

// A small generator of pseudo-random numbers, so that a seed tells all.
let state = 0
function random() {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const chance = (p) => random() < p
const upTo = (limit) => Math.floor(random() * (limit + 1))
const pick = (list) => list[upTo(list.length - 1)]
const some = (list, p = 0.5) => list.filter(() => chance(p))
const several = (count, make) => Array.from({ length: count }, make)
const when = (p, members) => (chance(p) ? members() : {})

// models

const WORDS = ['A', 'abc', 'Straße', 'İi', 'ΑΣ', 'x#y', '007', '12abc', 'a_b', ' ', 'é', '😀', 'tab\t', '${a}', '"q"', 'ŉ']
const NUMBERS = [1, 2, 7, 42, -5, 1.5, 0.1, 1e-7, 1e15, 123456789.125, Number.MAX_SAFE_INTEGER, -0.25]
const CASINGS = ['upper', 'lower', 'none', 'default']
const KEYS = ['k1', 'k2', 'k3', 'k4']

function scalar() {
    return {
        type: pick(['string', 'string', 'number', 'boolean', ['a', 'b', 'C']]),
        ...when(0.2, () => ({ label: pick(['L', 'Größe', '']) })),
        ...when(0.2, () => ({ padding: { length: upTo(8), char: pick(['0', 'ab', 'Ä']) } })),
    }
}

let fields = 0
function attribute(depth) {
    const type = pick(['string', 'number', 'boolean', 'any', 'set', ...(depth < 2 ? ['map', 'list'] : [])])
    const inside = {
        set: () => ({ items: pick(['string', 'number', ['a', 'b']]) }),
        map: () => ({ properties: Object.fromEntries(several(1 + upTo(2), () => [`p${fields++}`, attribute(depth + 1)])) }),
        list: () => ({ items: attribute(depth + 1) }),
    }[type]
    return { type, ...inside?.(), ...when(0.3, () => ({ field: `f${fields++}` })), ...when(0.1, () => ({ hidden: true })) }
}

function key(field, composites) {
    const template = composites.length > 0 && chance(0.2)
    return {
        field,
        ...(template ? { template: composites.map((name) => pick(['', 'x#', 'P_']) + `\${${name}}`).join('') + pick(['', '#end']) } : { composite: composites }),
        ...when(0.5, () => ({ casing: pick(CASINGS) })),
    }
}

function index(number) {
    const cut = upTo(KEYS.length)
    const name = number > 0 ? `gsi${number}` : ''
    const clustered = chance(0.2)
    return {
        ...(number > 0 && { index: name }),
        pk: key(`${name}pk`, some(KEYS.slice(0, cut))),
        ...(chance(0.9) && { sk: key(`${name}sk`, some(KEYS.slice(cut))) }),
        ...(clustered && { type: 'clustered' }),
        ...when(0.2, () => ({ scope: pick(['Scope', '']) })),
    }
}

function model() {
    const names = ['a', 'b', 'c', 'd'].slice(0, 1 + upTo(3))
    const indexes = Object.fromEntries(several(1 + upTo(2), (_, i) => [`i${i}`, index(i)]))
    if (indexes.i0.sk) indexes.i0.collection = indexes.i0.type === 'clustered' ? 'col' : pick(['col', ['col', 'sub']])
    return {
        model: { entity: pick(['Thing', 'e']), version: '1', service: pick(['Srv', 'ŞÜ']) },
        attributes: Object.fromEntries([...names.map((name) => [name, attribute(0)]), ...KEYS.map((name) => [name, scalar()])]),
        indexes,
    }
}

const compositesOf = (part) => (part === undefined ? [] : part.composite ?? [...part.template.matchAll(/\$\{(.*?)\}/g)].map((match) => match[1]))

// values

function value({ type, items, properties }) {
    if (Array.isArray(type)) return pick(type)
    switch (type) {
        case 'number': return pick(NUMBERS)
        case 'boolean': return chance(0.5)
        case 'set': return [...new Set(several(1 + upTo(2), () => value({ type: items })))]
        case 'list': return several(upTo(2), () => value(items))
        case 'map': return Object.fromEntries(some(Object.entries(properties)).map(([name, inner]) => [name, value(inner)]))
        case 'any': return pick([null, 'x', 5, true, ['y', 1], { z: { w: 2 } }])
        default: return pick(WORDS)
    }
}
const valuesOf = ({ attributes }, names) => Object.fromEntries(names.map((name) => [name, value(attributes[name])]))
const plainNames = ({ attributes }) => Object.keys(attributes).filter((name) => !KEYS.includes(name))
const scalarNames = ({ attributes }) => Object.keys(attributes).filter((name) => ['string', 'number', 'boolean'].includes(attributes[name].type))

// operations

function condition(made, depth = 0) {
    const attr = pick(scalarNames(made))
    const given = () => value(made.attributes[attr])
    if (attr === undefined || (depth < 2 && chance(0.2))) return { op: pick(['and', 'or']), args: several(2, () => ({ op: 'exists', attr: pick(KEYS) })) }
    return pick([
        () => ({ op: pick(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'eqOrNotExists']), attr, value: given() }),
        () => ({ op: 'between', attr, from: given(), to: given() }),
        () => ({ op: pick(['exists', 'notExists']), attr }),
        () => ({ op: 'compare', cmp: '>', left: { size: attr }, right: { escape: 3 } }),
        () => ({ op: 'not', arg: condition(made, depth + 1) }),
    ])()
}

const keyValues = (made) => valuesOf(made, [...compositesOf(made.indexes.i0.pk), ...compositesOf(made.indexes.i0.sk)].filter(() => chance(0.97)))

function range(made, { pk, sk }) {
    const names = compositesOf(sk)
    const leading = () => valuesOf(made, names.slice(0, upTo(names.length)))
    const plain = { key: { ...valuesOf(made, compositesOf(pk)), ...when(0.5, leading) } }
    if (sk === undefined || chance(0.5)) return plain
    return { ...plain, sk: chance(0.3) ? { op: 'between', from: leading(), to: leading() } : { op: pick(['begins', 'gt', 'gte', 'lt', 'lte']), value: leading() } }
}

function readOptions(made) {
    return {
        ...when(0.3, () => ({ attributes: some(Object.keys(made.attributes), 0.3) })),
        ...when(0.2, () => ({ consistent: true })),
        ...when(0.2, () => ({ ignoreOwnership: true })),
        ...when(0.2, () => ({ data: 'includeKeys' })),
        ...when(0.2, () => ({ table: 'other' })),
    }
}
const pageOptions = (made) => ({ ...readOptions(made), ...when(0.3, () => ({ order: pick(['asc', 'desc']) })), ...when(0.3, () => ({ limit: 5 })) })

function operation(made) {
    const entity = 'm'
    const [name, chosen] = pick(Object.entries(made.indexes))
    const where = () => ({ where: [condition(made)] })
    const write = () => ({ ...when(0.3, where), ...when(0.2, () => ({ options: { response: pick(['all_old', 'none', 'all_new']) } })) })
    const item = () => ({ ...valuesOf(made, some(plainNames(made))), ...valuesOf(made, some(KEYS, 0.9)) })
    return pick([
        () => ({ entity, method: pick(['put', 'create', 'upsert']), attributes: item(), ...write() }),
        () => ({ entity, method: pick(['delete', 'remove']), key: keyValues(made), ...write() }),
        () => ({
            entity, method: pick(['update', 'patch']), key: keyValues(made), ...write(),
            chain: [{ set: valuesOf(made, some(plainNames(made))) }, { remove: some(plainNames(made), 0.2) }],
        }),
        () => ({ entity, method: 'get', key: keyValues(made), options: readOptions(made) }),
        () => ({ entity, method: 'query', index: name, ...range(made, chosen), ...when(0.3, where), options: pageOptions(made) }),
        () => ({ entity, method: 'scan', ...when(0.3, where), options: pageOptions(made) }),
        () => ({ entity, method: 'batchGet', keys: [keyValues(made)], options: readOptions(made) }),
        ...(made.indexes.i0.collection === undefined ? [] : [() => {
            const { attributes: _, ...options } = pageOptions(made)
            const { sk, ...rest } = range(made, made.indexes.i0)
            return { method: 'collection', collection: pick([made.indexes.i0.collection].flat()), ...rest, ...(made.indexes.i0.type && sk && { sk }), ...when(0.3, where), options }
        }]),
    ])()
}

// the package

let exchange
const requestHandler = {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ headers, body }) {
        const params = JSON.parse(Buffer.from(body).toString())
        exchange.requests.push({ action: headers['x-amz-target'].split('.')[1], params })
        exchange.response = { status: 200, body: reply(exchange.requests[0], exchange.items) }
        return { response: { statusCode: 200, headers: {}, body: Readable.from([Buffer.from(JSON.stringify(exchange.response.body))]) } }
    },
}
const client = new DynamoDBClient({
    endpoint: 'http://127.0.0.1:1', region: 'us-west-2', maxAttempts: 1, requestHandler,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})

function reply({ action, params }, items) {
    switch (action) {
        case 'GetItem': return items.length > 0 ? { Item: items[0] } : {}
        case 'Query':
        case 'Scan': return { Items: items, Count: items.length, ScannedCount: items.length }
        case 'BatchGetItem': {
            const [[table, { Keys }]] = Object.entries(params.RequestItems)
            return { Responses: { [table]: items }, UnprocessedKeys: items.length > 0 ? {} : { [table]: { Keys } } }
        }
        default: return params.ReturnValues !== undefined && items.length > 0 ? { Attributes: items[0] } : {}
    }
}

const comparisons = (clause, attributes, op) => {
    const attr = clause.attr && attributes[clause.attr]
    switch (clause.op) {
        case 'and':
        case 'or': return `(${clause.args.map((inner) => comparisons(inner, attributes, op)).join(` ${clause.op.toUpperCase()} `)})`
        case 'not': return `NOT ${comparisons(clause.arg, attributes, op)}`
        case 'compare': return `${op.size(attributes[clause.left.size])} ${clause.cmp} ${op.escape(clause.right.escape)}`
        case 'between': return op.between(attr, clause.from, clause.to)
        default: return op[clause.op](attr, ...('value' in clause ? [clause.value] : []))
    }
}

async function carryOut(models, asked, items = []) {
    exchange = { requests: [], items }
    try {
        const entities = { m: new Entity(structuredClone(models.m), { client, table: 't' }) }
        const service = new Service(entities)
        const { method, index: name, attributes, keys, collection, sk, chain = [], where = [], options } = structuredClone(asked)
        const given = attributes ?? structuredClone(asked.key)
        if (method === 'define') return { ...exchange, result: null }
        let call = method === 'collection' ? service.collections[collection](given)
            : method === 'query' ? entities.m.query[name](given)
            : method === 'scan' ? entities.m.scan
            : method === 'batchGet' ? entities.m.get(keys)
            : entities.m[method](given)
        if (sk) call = sk.op === 'between' ? call.between(sk.from, sk.to) : call[sk.op](sk.value)
        for (const step of chain) for (const [operator, argument] of Object.entries(step)) call = call[operator](argument)
        for (const clause of where) call = call.where((attr, op) => comparisons(clause, attr, op))
        const result = JSON.parse(JSON.stringify(await call.go(options)))
        return { ...exchange, result }
    } catch (error) {
        return { ...exchange, error: { code: error.code ?? null, message: error.message } }
    }
}

// Items as the package itself has written them, now and then of somebody else.
async function written(models) {
    const made = models.m
    const put = { entity: 'm', method: 'put', attributes: valuesOf(made, [...plainNames(made), ...KEYS]) }
    const item = (await carryOut(models, put)).requests[0]?.params.Item
    if (item && chance(0.3)) for (const name of pick([['__edb_e__'], ['__edb_v__'], ['pk']])) item[name] = { S: 'other' }
    return item ? [item] : []
}

for (let i = 0; i < n; i++) {
    state = seed * 1000003 + i
    fields = 0
    const models = { m: model() }
    const taken = !(await carryOut(models, { method: 'define' })).error
    const asked = taken ? operation(models.m) : { method: 'define' }
    const items = taken ? [...await written(models), ...await written(models)].slice(0, upTo(2)) : []
    const { requests, response, result, error } = await carryOut(models, asked, items)
    process.stdout.write(`${JSON.stringify({ name: `seed ${seed}, case ${i}`, models, table: 't', operation: asked, requests, response, result, error })}\n`)
}

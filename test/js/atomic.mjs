// Items and locks in the layout of the npm package atomic-dynamodb, as its
// README describes it, on nothing but the SDK: the other writer in the tests.

import { randomUUID } from 'node:crypto'
import {
    GetItemCommand, PutItemCommand, TransactWriteItemsCommand, UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'

const LIFE = 24 * 3600
const LAST_HOUR = 3600

export class RaceCondition extends Error {}

const keyOf = ({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } })
const now = () => Math.floor(Date.now() / 1000)
const failed = (error, reason) =>
    error.name === 'TransactionCanceledException' &&
    error.CancellationReasons.some(({ Code }) => Code === reason)

export class AtomicDynamoDB {
    constructor(client, table) {
        this.client = client
        this.TableName = table
    }

    // A native value when asked for, else the package's JSON text.
    attributes({ pk, sk, data, ttl }, native = false) {
        const value = native ? marshall({ data }).data : { S: JSON.stringify(data) }
        return { ...keyOf({ pk, sk }), data: value, ...(ttl && { ttl: { N: `${ttl}` } }) }
    }

    async set(item, native) {
        await this.client.send(new PutItemCommand(
            { TableName: this.TableName, Item: this.attributes(item, native) }))
    }

    async getRaw(key) {
        const { Item } = await this.client.send(new GetItemCommand(
            { TableName: this.TableName, Key: keyOf(key), ConsistentRead: true }))
        return Item
    }

    async get(key) {
        const item = await this.getRaw(key)
        if (!item?.data) return undefined
        return item.data.S === undefined ? unmarshall(item).data : JSON.parse(item.data.S)
    }

    async getLock(key) {
        const item = await this.getRaw(key)
        const ttl = Number(item?.ttl?.N)
        if (!item || ttl <= now()) return this.createLock(key)
        if (ttl - now() > LAST_HOUR) return { ...key, version: item.version.S, ttl }
        const renewed = now() + LIFE
        await this.client.send(new UpdateItemCommand({
            TableName: this.TableName,
            Key: keyOf(key),
            UpdateExpression: 'SET #ttl = :ttl',
            ConditionExpression: 'version = :version',
            ExpressionAttributeNames: { '#ttl': 'ttl' },
            ExpressionAttributeValues: { ':ttl': { N: `${renewed}` }, ':version': item.version },
        }))
        return { ...key, version: item.version.S, ttl: renewed }
    }

    async createLock(key) {
        const lock = { ...key, version: randomUUID(), ttl: now() + LIFE }
        try {
            await this.client.send(new PutItemCommand({
                TableName: this.TableName,
                Item: { ...keyOf(key), version: { S: lock.version }, ttl: { N: `${lock.ttl}` } },
                ConditionExpression: 'attribute_not_exists(pk) OR #ttl <= :now',
                ExpressionAttributeNames: { '#ttl': 'ttl' },
                ExpressionAttributeValues: { ':now': { N: `${now()}` } },
            }))
        } catch (error) {
            if (error.name !== 'ConditionalCheckFailedException') throw error
            return this.getLock(key)
        }
        return lock
    }

    async setAtomic(items, lock) {
        const next = { pk: lock.pk, sk: lock.sk, version: randomUUID(), ttl: now() + LIFE }
        const puts = items.map((item) =>
            ({ Put: { TableName: this.TableName, Item: this.attributes(item) } }))
        const advance = {
            Update: {
                TableName: this.TableName,
                Key: keyOf(lock),
                UpdateExpression: 'SET version = :next, #ttl = :ttl',
                ConditionExpression: 'version = :version',
                ExpressionAttributeNames: { '#ttl': 'ttl' },
                ExpressionAttributeValues: {
                    ':version': { S: lock.version }, ':next': { S: next.version }, ':ttl': { N: `${next.ttl}` },
                },
            },
        }
        try {
            await this.client.send(new TransactWriteItemsCommand({ TransactItems: [...puts, advance] }))
        } catch (error) {
            if (failed(error, 'ConditionalCheckFailed') || failed(error, 'TransactionConflict')) {
                throw new RaceCondition('lost a race', { cause: error })
            }
            throw error
        }
        return next
    }
}

"""Faults at random for fault_server.py: which step each request gets.

A fault has a name and a probability; the probabilities of all may add up to
one at most. The decision for request n of a seed is a function of the seed and
n alone, so that a run with the same seed meets the same sequence of faults; what
the requests are depends on the sessions that make them.
"""

import json
import random

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}
SINGLE = {"PutItem", "UpdateItem", "DeleteItem"}
PAGES = {"Query", "Scan"}
BATCHES = {"BatchWriteItem", "BatchGetItem"}
TYPE = "com.amazonaws.dynamodb.v20120810#"


def refusal(status, code, headers=None, **members):
    """A reply that is an error of DynamoDB's."""
    body = {"__type": TYPE + code, "message": f"random {code}", **members}
    return {"status": status, "headers": headers or {}, "body": body}


def unavailable(rng):
    if rng.random() < 0.3:
        return {"status": rng.choice((502, 503, 504)), "body": "<html>try again</html>",
                "headers": {"content-type": "text/html", "x-amz-crc32": None}}
    return refusal(*rng.choice(((500, "InternalServerError"), (503, "ServiceUnavailable"))))


def throttle(rng, _request):
    code = rng.choice(("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"))
    return {"reply": refusal(400, code)}


def throttle_after(rng, _request):
    headers = {"x-amz-retry-after": str(rng.randrange(10, 300))}
    return {"reply": refusal(400, "ProvisionedThroughputExceededException", headers)}


def conflict(rng, request):
    """What a write meets when another transaction is at its item."""
    operation, body = request
    if operation in SINGLE:
        return {"reply": refusal(400, "TransactionConflictException")}
    if operation != "TransactWriteItems":
        return None
    count = len(json.loads(body)["TransactItems"])
    hit = {rng.randrange(count), rng.randrange(count)}
    reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
               if at in hit else {"Code": "None"} for at in range(count)]
    return {"reply": refusal(400, "TransactionCanceledException", CancellationReasons=reasons)}


def in_progress(_rng, request):
    return {"reply": refusal(400, "TransactionInProgressException")} if request[0] == "TransactWriteItems" else None


def late(rng, request):
    """A transaction that arrives when its sender has given it up. Of other
    writes the last to arrive wins, and that is not the sender's fault."""
    if request[0] not in ("TransactWriteItems", "ExecuteTransaction") or b"ClientRequestToken" not in request[1]:
        return None
    return {"late": rng.randrange(1, 1500)}


def unprocessed(rng, request):
    return {"unprocessed": rng.randrange(1, 26)} if request[0] in BATCHES else None


def empty_page(_rng, request):
    return {"empty_page": True} if request[0] in PAGES else None


def garbage(rng, _request):
    body = rng.choice(("<html>welcome to the hotel</html>", "", "{\"Item\":", "null", "[1, 2]"))
    return {"apply": True, "reply": {"status": 200, "body": body}}


# Name -> (generator, request) -> step, or None where the fault does not apply.
FAULTS = {
    "delay": lambda rng, _: {"delay_ms": rng.randrange(1, 300)},
    "late_answer": lambda rng, _: {"delay_reply_ms": rng.randrange(1, 300)},
    "drip": lambda rng, _: {"drip": {"bytes": rng.randrange(5, 50), "every_ms": 5}},
    "chunked": lambda rng, _: {"chunked": True, "close": rng.random() < 0.3},
    "reset_before": lambda rng, _: {"close_without_reply": True},
    "reset_after": lambda rng, _: {"apply_then_reset": True},
    "cut": lambda rng, _: {"cut_answer": rng.choice((rng.randrange(1, 40), rng.randrange(40, 600)))},
    "hang_before": lambda rng, _: {"hang": True},
    "hang_after": lambda rng, _: {"apply_then_hang": True},
    "error_before": lambda rng, _: {"reply": unavailable(rng)},
    "error_after": lambda rng, _: {"apply": True, "reply": unavailable(rng)},
    "throttle": throttle,
    "throttle_after": throttle_after,
    "wrong_crc": lambda rng, _: {"crc": "bad"},
    "garbage": garbage,
    "conflict": conflict,
    "in_progress": in_progress,
    "late": late,
    "unprocessed": unprocessed,
    "empty_page": empty_page,
}


class RandomFaults:
    """Decides by a seed and the number of requests so far."""

    def __init__(self, seed, faults):
        unknown = set(faults) - set(FAULTS)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
        if sum(faults.values()) > 1:
            raise ValueError("the probabilities add up to more than one")
        self.seed = seed
        self.faults = faults
        self.number = 0

    def step(self, operation, body):
        """The step for the next request, with the fault's name as "fault"."""
        self.number += 1
        rng = random.Random(f"{self.seed} {self.number}")
        drawn = rng.random()
        for name, probability in self.faults.items():
            drawn -= probability
            if drawn < 0:
                step = FAULTS[name](rng, (operation, body))
                return {**step, "fault": name} if step else {}
        return {}

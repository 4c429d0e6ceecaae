"""Rebuilds every book of a stream and finds what is missing, by the rule of docs/consume.md.

pip install -r examples/requirements.txt
python examples/consume.py nats://localhost:4222 MARKET_DATA
"""

import asyncio, hashlib, json, sys
from decimal import Decimal
import nats


def on_book(r, book):
    x, reset_time, time, last_id = book["id"], book["reset"], r["exchangeTime"], int(r["lastId"])
    if r["action"] == "snapshot":
        if (reset_time and time and time < reset_time) or (x is not None and last_id < x and not r.get("reset")):
            return  # of another writer's chain from before the reset, or older than the book
        if r.get("reset"):
            book["reset"] = time or reset_time
        elif x is not None and last_id > x:
            book["gaps"].append([x, last_id])
        book.update(id=last_id, current=True, bids=dict(r["bids"]), asks=dict(r["asks"]))
    elif x is not None and last_id > x:  # a delta that is not skipped
        if int(r["prevId"]) > x:
            if reset_time and time and time <= reset_time:
                return
            book["gaps"].append([x, int(r["prevId"])])
            book["current"] = False  # until the next snapshot
        book["id"] = last_id
        for side in ("bids", "asks") if book["current"] else ():
            for price, size in r[side]:
                book[side].pop(price, None) if size == "0" else book[side].update({price: size})


def on_trade(r, seen):  # where the venue counts without holes, every number has to come
    if "sequence" in r or (r["exchange"] == "binance" and "aggregated" not in r):
        last = int(r.get("sequence", r["id"]))
        begin = int(r.get("skippedFrom", last))  # ids that the venue gave to what is no trade
        seen.setdefault("first", begin)
        seen["ids"].update(range(max(begin, seen["first"]), last + 1))


def digest(book):
    sides = (("bid", book["bids"], -1), ("ask", book["asks"], 1))
    best_first = ((s, p, levels[p]) for s, levels, d in sides for p in sorted(levels, key=lambda p: d * Decimal(p)))
    lines = "".join(f"{side} {price} {size}\n" for side, price, size in best_first)
    return hashlib.sha256(f"{book['id']}\n{lines}".encode()).hexdigest()[:16]


async def main(server, stream):
    connection, books, trades = await nats.connect(server), {}, {}
    js = connection.jetstream()
    left = (await js.stream_info(stream)).state.messages
    records = await js.subscribe(">", stream=stream, ordered_consumer=True) if left else None
    while left:
        message = await records.next_msg(timeout=30)
        left, r = message.metadata.num_pending, json.loads(message.data)
        if r["type"] == "orderbook":
            new = {"id": None, "reset": None, "current": False, "bids": {}, "asks": {}, "gaps": []}
            on_book(r, books.setdefault(message.subject, new))
        elif r["type"] == "trade":
            on_trade(r, trades.setdefault(message.subject, {"ids": set()}))
    await connection.close()
    said = {s: {"id": str(b["id"]), "digest": digest(b), "gaps": b["gaps"]} for s, b in books.items()}
    missing = {s: max(t["ids"]) - t["first"] + 1 - len(t["ids"]) for s, t in trades.items() if t["ids"]}
    print(json.dumps({"books": said, "missingTrades": missing}))


asyncio.run(main(*sys.argv[1:]))

"""Rebuilds every book of a stream and finds its gaps, by the rule of docs/consume.md. Trades: examples/trades.py.

pip install -r examples/requirements.txt
python examples/consume.py nats://localhost:4222 MARKET_DATA
"""

import asyncio, hashlib, json, sys
from decimal import Decimal
import nats


def on_book(r, book):
    x, since, time, last_id = book["id"], book["since"], r["exchangeTime"], int(r["lastId"])
    prev_id, is_reset = int(r.get("prevId", 0)), r.get("reset", False)
    if r["action"] == "snapshot":
        if (since and time and time < since) or (x is not None and last_id < x and not is_reset):
            return  # of another writer's chain from before the reset, or older than the book
        if x is not None and last_id > x and not is_reset:
            book["gaps"].append([x, last_id])
        book.update(id=last_id, current=True, bids=dict(r["bids"]), asks=dict(r["asks"]))
        book["since"] = time or since if is_reset else since
    elif x is not None and last_id > x and not (prev_id > x and since and time and time <= since):
        if prev_id > x:
            book["gaps"].append([x, prev_id])
            book["current"] = False  # until the next snapshot
        book["id"] = last_id
        for side in ("bids", "asks") if book["current"] else ():
            for price, size in r[side]:
                book[side].pop(price, None) if size == "0" else book[side].update({price: size})


def digest(book):
    sides = (("bid", book["bids"], -1), ("ask", book["asks"], 1))
    best_first = ((s, p, levels[p]) for s, levels, d in sides for p in sorted(levels, key=lambda p: d * Decimal(p)))
    lines = "".join(f"{side} {price} {size}\n" for side, price, size in best_first)
    return hashlib.sha256(f"{book['id']}\n{lines}".encode()).hexdigest()[:16]


async def main(server, stream):
    connection, books = await nats.connect(server), {}
    js = connection.jetstream()
    left = (await js.stream_info(stream)).state.messages
    records = await js.subscribe(">", stream=stream, ordered_consumer=True) if left else None
    while left:
        message = await records.next_msg(timeout=30)
        left, r = message.metadata.num_pending, json.loads(message.data)
        if r["type"] == "orderbook":
            new = {"id": None, "since": None, "current": False, "bids": {}, "asks": {}, "gaps": []}
            on_book(r, books.setdefault(message.subject, new))
    await connection.close()
    print(json.dumps({s: {"id": str(b["id"]), "digest": digest(b), "gaps": b["gaps"]} for s, b in books.items()}))


asyncio.run(main(*sys.argv[1:]))

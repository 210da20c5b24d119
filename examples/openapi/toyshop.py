"""The function behind baskets and prices: a proxy's event gets a response, a question gets a price."""

import json


def handler(event, context):
    if "httpMethod" in event:
        seen = {"method": event["httpMethod"], "resource": event["resource"], "by": "toyshop"}
        return {"statusCode": 200, "body": json.dumps(seen)}
    if event.get("price") == "unicorn":
        raise ValueError("a unicorn is not for sale")
    return {"toy": event.get("price"), "currency": event.get("currency"), "amount": 12}

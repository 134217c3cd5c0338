"""The shop of web_application.py, written once more for web frameworks: gunicorn 'web_frameworks:flask()', and
bottle(), django(); uvicorn web_frameworks:asgi. What it sells comes from there; frameworks do the rest."""

import json

import web_application as shop

try:
    import gcreplay_marks as marks
except ImportError:
    marks = None


def marked(application):
    return application if marks is None else marks.wsgi(application)


def flask():
    from flask import Flask, Response, jsonify, request

    app = Flask("shop")

    @app.get("/product")
    def product():
        return jsonify(shop.show_product({"number": [request.args["number"]]}))

    @app.get("/search")
    def search():
        return Response(shop.stream_search({"word": [request.args["word"]]}), mimetype="application/json")

    @app.post("/basket")
    def basket():
        return jsonify(shop.fill_basket({"visitor": [request.args["visitor"]]}, request.get_data()))

    return marked(app)


def bottle():
    from bottle import Bottle, request

    app = Bottle()

    @app.get("/product")
    def product():
        return shop.show_product({"number": [request.query.number]})

    @app.get("/search")
    def search():
        yield from shop.stream_search({"word": [request.query.word]})

    @app.post("/basket")
    def basket():
        return {"lines": shop.fill_basket({"visitor": [request.query.visitor]}, request.body.read())}

    return marked(app)


def django():
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import JsonResponse, StreamingHttpResponse
    from django.urls import path

    def product(request):
        return JsonResponse(shop.show_product({"number": [request.GET["number"]]}))

    def search(request):
        return StreamingHttpResponse(shop.stream_search({"word": [request.GET["word"]]}))

    def basket(request):
        lines = shop.fill_basket({"visitor": [request.GET["visitor"]]}, request.body)
        return JsonResponse(lines, safe=False)

    class Urls:
        urlpatterns = [path("product", product), path("search", search), path("basket", basket)]

    settings.configure(SECRET_KEY="not secret", ALLOWED_HOSTS=["*"], ROOT_URLCONF=Urls)
    return marked(get_wsgi_application())


async def serve(scope, receive, send):
    """An ASGI application: uvicorn web_frameworks:asgi."""
    import urllib.parse

    if scope["type"] != "http":
        return
    query = urllib.parse.parse_qs(scope["query_string"].decode())
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["path"] == "/search":
        for piece in shop.stream_search(query):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    answer = shop.show_product(query) if scope["path"] == "/product" else shop.fill_basket(query, body)
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


asgi = serve if marks is None else marks.asgi(serve)

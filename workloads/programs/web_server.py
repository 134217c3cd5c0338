"""The shop of web_application.py behind the standard library's server: one request at a time, or a thread each.

usage: web_server.py wsgiref|threads PORT          until SIGTERM
"""

import signal
import socketserver
import sys
import wsgiref.simple_server

import web_application


class Threads(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *words):
        pass


def main():
    kind, port = sys.argv[1], int(sys.argv[2])
    server = wsgiref.simple_server.make_server(
        "127.0.0.1",
        port,
        web_application.application,
        server_class=Threads if kind == "threads" else wsgiref.simple_server.WSGIServer,
        handler_class=Quiet,
    )

    def stop(*_):
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever()


if __name__ == "__main__":
    main()

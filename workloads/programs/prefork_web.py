"""A pre-fork web server under load: the shop of web_application.py, loaded before the workers fork.

Each worker accepts connections of one listening socket and answers them with wsgiref. The clients
(web_client.py) are another program, which is not recorded. Recorded with `gcreplay record --marks`, the
recording has a REQUEST for each request.

usage: prefork_web.py [REQUESTS [WORKERS [AT_A_TIME [FAILING]]]]
"""

import os
import signal
import subprocess
import sys
import wsgiref.simple_server

HERE = os.path.dirname(os.path.abspath(__file__))


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *words):
        pass

    def get_stderr(self):
        return open(os.devnull, "w")


def work(server):
    def stop(*_):
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    try:
        server.serve_forever()
    except SystemExit:
        pass


def main():
    numbers = [int(word) for word in sys.argv[1:]]
    requests, workers, at_a_time, failing = (numbers + [400, 2, 4, 0][len(numbers) :])[:4]
    import web_application  # the parent loads what the workers share

    server = wsgiref.simple_server.make_server(
        "127.0.0.1", 0, web_application.application, handler_class=Quiet
    )
    server.socket.listen(64)
    children = []
    for _ in range(workers):
        child = os.fork()
        if child == 0:
            work(server)
            os._exit(0)
        children.append(child)
    client = [sys.executable, os.path.join(HERE, "web_client.py"), str(server.server_port)]
    ended = subprocess.run(client + [str(n) for n in (requests, at_a_time, failing)])
    for child in children:
        os.kill(child, signal.SIGTERM)
    for child in children:
        os.waitpid(child, 0)
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()

"""gcreplay_marks against a recorder made of a list: what it marks, and that without a recorder it is nothing.

usage: test_marks.py FOLDER_OF_GCREPLAY_MARKS
"""

import asyncio
import importlib
import io
import sys
import threading
import types
import unittest
import wsgiref.handlers
import wsgiref.util
import wsgiref.validate

FOLDER = sys.argv.pop(1)


class Recorder(types.ModuleType):
    """Stands for the built-in module of a recorded program."""

    def __init__(self):
        super().__init__("_gcreplay")
        self.events, self.given, self.now = [], 0, "main"

    def request_begin(self):
        self.given += 1
        self.events.append(("begin", self.given))
        return self.given

    def request_end(self, number):
        self.events.append(("end", number))

    def phase(self, name):
        before, self.now = self.now, name
        self.events.append(("phase", name))
        return before

    def recording(self):
        return True


def load(recorder):
    sys.modules.pop("gcreplay_marks", None)
    sys.modules["_gcreplay"] = recorder  # None: importing it fails
    sys.path.insert(0, FOLDER)
    try:
        return importlib.import_module("gcreplay_marks")
    finally:
        sys.path.remove(FOLDER)


class Recorded(unittest.TestCase):
    def setUp(self):
        self.recorder = Recorder()
        self.marks = load(self.recorder)
        self.events = self.recorder.events

    def test_a_block_is_a_request_also_when_it_raises(self):
        with self.marks.request() as number:
            self.assertEqual((number, self.events), (1, [("begin", 1)]))
        with self.assertRaises(KeyError):
            with self.marks.request():
                raise KeyError
        self.assertEqual(self.events, [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)])
        self.assertTrue(self.marks.recording())

    def test_each_call_of_a_decorated_function_is_a_request(self):
        @self.marks.request
        def double(x):
            "twice"
            return 2 * x

        self.assertEqual((double(4), double(5), double.__doc__), (8, 10, "twice"))
        self.assertEqual(self.events, [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)])

    def test_a_decorated_generator_lasts_until_it_is_exhausted(self):
        @self.marks.request
        def count():
            self.events.append("inside")
            yield 1
            yield 2

        numbers = count()
        self.assertEqual(self.events, [])
        self.assertEqual(list(numbers), [1, 2])
        self.assertEqual(self.events, [("begin", 1), "inside", ("end", 1)])

    def test_tasks_and_threads_overlap(self):
        @self.marks.request
        async def wait(until, then):
            await until.wait()
            then.set()

        async def both():
            first, second, start = asyncio.Event(), asyncio.Event(), asyncio.Event()
            tasks = [asyncio.ensure_future(wait(first, second)), asyncio.ensure_future(wait(start, first))]
            await asyncio.sleep(0)
            start.set()
            await asyncio.gather(*tasks)

        asyncio.run(both())
        self.assertEqual(self.events, [("begin", 1), ("begin", 2), ("end", 2), ("end", 1)])
        del self.events[:]
        barrier = threading.Barrier(4)

        @self.marks.request
        def meet():
            barrier.wait(60)

        threads = [threading.Thread(target=meet) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({kind for kind, _ in self.events[:4]}, {"begin"})
        self.assertEqual(sorted(n for kind, n in self.events if kind == "end"), [3, 4, 5, 6])

    def test_asynchronous_generators_are_refused(self):
        async def produce():
            yield 1

        with self.assertRaises(TypeError):
            self.marks.request(produce)

    def test_a_phase_as_a_block_goes_back(self):
        self.marks.phase("one")
        with self.marks.phase("two"):
            with self.marks.phase("three"):
                pass
        self.assertEqual([name for _, name in self.events], ["one", "two", "three", "two", "one"])


class Web(unittest.TestCase):
    def setUp(self):
        self.recorder = Recorder()
        self.marks = load(self.recorder)
        self.events = self.recorder.events

    def answer(self, application):
        """Through a server of the standard library, and its judge of WSGI; what went out."""
        marked = self.marks.wsgi(application)
        out = io.BytesIO()
        environ = {}
        wsgiref.util.setup_testing_defaults(environ)
        environ["QUERY_STRING"] = ""
        handler = wsgiref.handlers.SimpleHandler(io.BytesIO(), out, io.StringIO(), environ)
        handler.run(wsgiref.validate.validator(marked))
        return out.getvalue()

    def plain(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    def test_a_request_lasts_until_the_response_is_closed(self):
        events = self.events

        class Body:
            def __iter__(self):
                events.append("body")
                yield b"one"
                yield b"two"

            def close(self):
                events.append("closed")

        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return Body()

        sent = self.answer(application)
        self.assertTrue(sent.endswith(b"onetwo"), sent)
        self.assertEqual(events, [("begin", 1), "body", "closed", ("end", 1)])

    def test_generators_and_lists(self):
        def stream(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield b"piece"

        self.assertTrue(self.answer(stream).endswith(b"piece"))
        self.assertTrue(self.answer(self.plain).endswith(b"hello"))
        self.assertEqual(self.events, [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)])

    def test_the_length_of_a_response_is_still_known(self):
        body = self.marks.wsgi(self.plain)({}, lambda *words: None)
        self.assertEqual((len(body), list(body)), (1, [b"hello"]))
        body.close()
        self.assertEqual(self.events, [("begin", 1), ("end", 1)])

    def test_an_exception_ends_the_request(self):
        def fails(environ, start_response):
            raise RuntimeError

        with self.assertRaises(RuntimeError):
            self.marks.wsgi(fails)({}, None)

        def fails_late(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield b"some"
            raise RuntimeError

        self.answer(fails_late)
        self.assertEqual(self.events, [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)])

    def test_servers_recognise_their_files(self):
        closed = []

        class File(io.BytesIO):
            def close(self):
                closed.append(True)

        def application(environ, start_response):
            return environ["wsgi.file_wrapper"](File(b"content"))

        body = self.marks.wsgi(application)({"wsgi.file_wrapper": wsgiref.util.FileWrapper}, None)
        self.assertIsInstance(body, wsgiref.util.FileWrapper)
        self.assertEqual(self.events, [("begin", 1)])
        body.close()
        self.assertEqual((self.events, closed[:1]), ([("begin", 1), ("end", 1)], [True]))

    def test_asgi_marks_http_and_nothing_else(self):
        async def application(scope, receive, send):
            self.events.append(scope["type"])

        marked = self.marks.asgi(application)
        asyncio.run(marked({"type": "lifespan"}, None, None))
        asyncio.run(marked({"type": "http"}, None, None))
        self.assertEqual(self.events, ["lifespan", ("begin", 1), "http", ("end", 1)])


class NotRecorded(unittest.TestCase):
    def test_marks_are_nothing(self):
        marks = load(None)

        def function():
            return 3

        self.assertIs(marks.request(function), function)
        self.assertIs(marks.wsgi(function), function)
        self.assertIs(marks.asgi(function), function)
        self.assertIs(marks.request(), marks.request())
        with marks.request() as number, marks.phase("x"):
            self.assertEqual((number, marks.begin(), marks.end(0)), (0, 0, None))
        self.assertFalse(marks.recording())


if __name__ == "__main__":
    unittest.main()

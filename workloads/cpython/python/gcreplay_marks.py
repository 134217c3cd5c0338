"""Marks in a recording: which requests a program serves, and which phases it goes through.

    import gcreplay_marks as marks

    with marks.request():               # one request; requests may overlap, in threads and in tasks
        ...
    @marks.request                      # each call is one: of a function, a coroutine, a generator
    def answer(query): ...
    number = marks.begin()              # where it begins and where it ends lie far apart
    marks.end(number)

    marks.phase("warm-up")              # from here on the process is in this phase
    with marks.phase("serving"):        # and at the block's end again in the one before
        ...

    application = marks.wsgi(application)      # a web server's requests, until the response is closed
    application = marks.asgi(application)      # the same for HTTP requests of an asynchronous one

A program that `gcreplay record` records finds a built-in module _gcreplay, and each mark becomes an event
of the recording. In every other program the marks do nothing, and decorators give back what they are given.

Numbers are unique in a recording, also across forks. A request belongs to the process that began it and
should end there. Phases are a process's; "main" is the one before the first. No dependencies: the file may
be copied. Python 3.6 or later.
"""

try:
    import _gcreplay
except ImportError:
    _gcreplay = None

__all__ = ["asgi", "begin", "end", "phase", "recording", "request", "wsgi"]

if _gcreplay is not None:
    begin = _gcreplay.request_begin
    end = _gcreplay.request_end
    recording = _gcreplay.recording
else:

    def begin():
        """A request begins; returns its number. 0: this process is not recorded."""
        return 0

    def end(number):
        """The request of that number, which begin() gave, ends."""

    def recording():
        """Whether this process is being recorded."""
        return False


class _Nothing:
    """What a program that is not recorded enters and leaves."""

    __slots__ = ()

    def __enter__(self):
        return 0

    def __exit__(self, *exception):
        return None


_NOTHING = _Nothing()


class _Request:
    __slots__ = ("number",)

    def __enter__(self):
        self.number = begin()
        return self.number

    def __exit__(self, *exception):
        end(self.number)


class _Phase:
    """A phase that has begun; leaving it as a block goes back to the one before."""

    __slots__ = ("before",)

    def __init__(self, before):
        self.before = before

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _gcreplay.phase(self.before)


def request(function=None):
    """A request, as a block (`with request():`) or as a decorator (`@request`)."""
    if function is not None:
        return function if _gcreplay is None else _marked(function)
    return _NOTHING if _gcreplay is None else _Request()


def phase(name):
    """The phase `name` begins; as a block it also ends, and the phase before it goes on."""
    return _NOTHING if _gcreplay is None else _Phase(_gcreplay.phase(name))


def _marked(function):
    import functools  # here: what a program does not use of this file shall load nothing else
    import inspect

    if inspect.isasyncgenfunction(function):
        raise TypeError("an asynchronous generator is no request: mark a block inside it")
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def marked(*args, **kwargs):
            with _Request():
                return await function(*args, **kwargs)

    elif inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def marked(*args, **kwargs):
            with _Request():
                return (yield from function(*args, **kwargs))

    else:

        @functools.wraps(function)
        def marked(*args, **kwargs):
            with _Request():
                return function(*args, **kwargs)

    return marked


class _Response:
    """A WSGI response whose request ends when the server closes it, as servers must (PEP 3333)."""

    __slots__ = ("response", "number")

    def __init__(self, response, number):
        self.response = response
        self.number = number

    def __iter__(self):
        return iter(self.response)

    def close(self):
        try:
            if hasattr(self.response, "close"):
                self.response.close()
        finally:
            end(self.number)


class _SizedResponse(_Response):
    """Servers derive Content-Length from a response of one block."""

    __slots__ = ()

    def __len__(self):
        return len(self.response)


def _close_and_end(close, number):
    """A response's close(), which also ends the request."""

    def closed():
        try:
            if close is not None:
                close()
        finally:
            end(number)

    return closed


def _until_closed(environ, response, number):
    """The response, made to end the request when it is closed."""
    files = environ.get("wsgi.file_wrapper")
    if isinstance(files, type) and isinstance(response, files):
        try:  # servers send a file by themselves if they recognise it, so it stays what it is
            response.close = _close_and_end(getattr(response, "close", None), number)
            return response
        except AttributeError:
            pass
    if hasattr(response, "__len__"):
        return _SizedResponse(response, number)
    return _Response(response, number)


def wsgi(application):
    """WSGI middleware: each request, from its call until its response is closed."""
    if _gcreplay is None:
        return application

    def marked(environ, start_response):
        number = begin()
        try:
            return _until_closed(environ, application(environ, start_response), number)
        except BaseException:
            end(number)
            raise

    marked.__wrapped__ = application
    return marked


def asgi(application):
    """ASGI middleware (version 3): each HTTP request, until the application has answered it."""
    if _gcreplay is None:
        return application

    async def marked(scope, receive, send):
        if scope["type"] != "http":
            return await application(scope, receive, send)
        with _Request():
            return await application(scope, receive, send)

    marked.__wrapped__ = application
    return marked

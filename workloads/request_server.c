/* request-server: a server whose threads serve requests, with sessions that live a while.
 *
 * Source: this project; the load of a web service, for latencies (REQUEST events). A table has
 * `sessions` slots, each with a session of a state and the reply last sent. Threads take turns, so
 * that their requests overlap: a request takes four turns of its thread. In the first it reads the
 * state of a session, or opens a new one in the place of the old (an evenly spread share `turnover`
 * of all requests); in each it adds to a list of nodes with a buffer each, its working data; in the
 * last it leaves a reply in the session, in the place of the last one, and drops the list.
 *
 * Sizes of buffers are spread over eight octaves above `min-size`, the octave by the number of ones
 * among eight random bits: a binomial distribution of the logarithm, near to a log-normal one. So
 * is the number of nodes, over four octaves around `objects`.
 *
 * TIME events after each request say how fast the recorded program was: `rate` requests a second.
 * Deaths are exact. All that is random depends on seed, request and number of the object alone, so
 * that the peak is found beforehand by adding up sizes turn by turn. Memory: three indexes a
 * session, and the indexes of the largest request a thread. */
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option server_options[] = {
    {"requests", GCR_OPT_COUNT, "requests", "20000", 0, 1e7, NULL, "in all"},
    {"threads", GCR_OPT_COUNT, "threads", "4", 1, 4096, NULL, "that serve, one request at a time"},
    {"sessions", GCR_OPT_COUNT, "sessions", "2000", 1, 1e7, NULL, "alive at a time"},
    {"turnover", GCR_OPT_RATIO, "1", "0.1", 0, 1, NULL, "share of requests that open a session"},
    {"objects", GCR_OPT_COUNT, "objects", "40", 1, 1e5, NULL,
     "typical number of nodes that a request works with; a quarter to four times as many"},
    {"min-size", GCR_OPT_BYTES, "bytes", "16", 1, 65536, NULL,
     "smallest buffer; the largest has almost 512 times as much"},
    {"rate", GCR_OPT_COUNT, "requests", "20000", 1, 1e9, NULL,
     "requests a second in the recorded program, by its TIME events"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {0}};

enum {
    SERVER_TURNS = 4, /* of a request */
    SESSION_BYTES = 2 * GCR_SLOT_BYTES + 32,
    NODE_BYTES = 2 * GCR_SLOT_BYTES + 24
};
enum { SESSION_STATE, SESSION_REPLY };
enum { NODE_NEXT, NODE_BUFFER };

struct server {
    uint64_t requests, threads, sessions, turnover, objects, min, rate, seed;
};

static struct server server_parameters(const struct gcr_option_values *options)
{
    return (struct server){
        .requests = gcr_option_number(options, "requests"),
        .threads = gcr_option_number(options, "threads"),
        .sessions = gcr_option_number(options, "sessions"),
        .turnover = parts_share(gcr_option_ratio(options, "turnover")),
        .objects = gcr_option_number(options, "objects"),
        .min = gcr_option_number(options, "min-size"),
        .rate = gcr_option_number(options, "rate"),
        .seed = gcr_option_number(options, "seed"),
    };
}

/* ---- what is random ---- */

/* How many of the lowest n bits are ones. */
static unsigned server_ones(uint64_t bits, unsigned n)
{
    unsigned ones = 0;
    for (unsigned i = 0; i < n; i++)
        ones += (unsigned)(bits >> i & 1);
    return ones;
}

/* A request, or for sessions of the beginning one that never came. */
struct server_request {
    uint64_t key;
    uint32_t slot;
    bool opens;
    uint32_t nodes;
};

static struct server_request server_request(const struct server *server, uint64_t number)
{
    struct server_request request = {.key = gcr_splitmix_mix(server->seed) + (number << 24),
                                     .opens = parts_share_takes(server->turnover, number)};
    uint64_t random = gcr_splitmix_mix(request.key);
    uint64_t least = server->objects / 4 > 0 ? server->objects / 4 : 1;
    request.slot = gcr_splitmix_below(&random, server->sessions);
    request.nodes = (uint32_t)(least << server_ones(gcr_splitmix_next(&random), 4));
    return request;
}

/* Size of the i-th buffer of a request: below 2^24 of them. */
static uint32_t server_size(const struct server *server, uint64_t key, uint32_t i)
{
    uint64_t random = key + i + 1;
    uint64_t least = server->min << server_ones(gcr_splitmix_next(&random), 8);
    return (uint32_t)(least + gcr_splitmix_below(&random, least));
}

/* Buffers of a request: its nodes', then the state of a session that it opens, then the reply. */
static uint32_t server_state_size(const struct server *server, const struct server_request *request)
{
    return server_size(server, request->key, request->nodes);
}
static uint32_t server_reply_size(const struct server *server, const struct server_request *request)
{
    return server_size(server, request->key, request->nodes + 1);
}

/* The state of the session that a slot has at the beginning. */
static uint32_t server_first_size(const struct server *server, uint64_t slot)
{
    return server_size(server, gcr_splitmix_mix(~server->seed) + (slot << 24), 0);
}

static uint32_t server_most_nodes(const struct server *server)
{
    uint64_t least = server->objects / 4 > 0 ? server->objects / 4 : 1;
    return (uint32_t)(least << 4);
}

/* ---- turns ---- */

/* The n-th turn of all: threads one after the other, each with its own requests. */
struct server_turn {
    uint64_t request, thread;
    uint32_t part; /* 0 .. SERVER_TURNS - 1 */
};

static struct server_turn server_turn(const struct server *server, uint64_t n)
{
    uint64_t round = n / server->threads;
    return (struct server_turn){.thread = n % server->threads,
                                .request =
                                    round / SERVER_TURNS * server->threads + n % server->threads,
                                .part = (uint32_t)(round % SERVER_TURNS)};
}

static uint64_t server_turns(const struct server *server)
{
    uint64_t rounds = (server->requests + server->threads - 1) / server->threads;
    return rounds * server->threads * SERVER_TURNS;
}

/* Nodes that a request has made by the beginning of a part. */
static uint32_t server_made_by(const struct server_request *request, uint32_t part)
{
    return (uint32_t)((uint64_t)request->nodes * part / SERVER_TURNS);
}

/* ---- facts ---- */

struct server_sum {
    uint64_t events, bytes, objects;
    uint64_t peak_bytes, peak_objects;
    uint32_t *state, *reply; /* sizes, by slot; a reply of 0 is none */
};

static void server_sum_add(struct server_sum *sum, uint64_t bytes, uint64_t objects)
{
    sum->bytes += bytes;
    sum->objects += objects;
    sum->peak_bytes = sum->bytes > sum->peak_bytes ? sum->bytes : sum->peak_bytes;
    sum->peak_objects = sum->objects > sum->peak_objects ? sum->objects : sum->peak_objects;
}

static void server_sum_drop(struct server_sum *sum, uint64_t bytes, uint64_t objects)
{
    sum->bytes -= bytes;
    sum->objects -= objects;
    sum->events += objects; /* DEATH */
}

static void server_sum_begin(const struct server *server, struct server_sum *sum)
{
    server_sum_add(sum, server->sessions * GCR_SLOT_BYTES, 1);
    for (uint64_t slot = 0; slot < server->sessions; slot++) {
        sum->state[slot] = server_first_size(server, slot);
        server_sum_add(sum, SESSION_BYTES + (uint64_t)sum->state[slot], 2);
    }
    sum->events = 1 + 5 * server->sessions + 2;
}

/* Reading a session's state: two loads, a read, two roots. Opening one: two ALLOCs, two STOREs,
 * WRITE, two roots. */
static void server_sum_session(const struct server *server, const struct server_request *request,
                               struct server_sum *sum)
{
    uint32_t *state = &sum->state[request->slot], *reply = &sum->reply[request->slot];
    if (!request->opens) {
        sum->events += 5;
        return;
    }
    uint32_t fresh = server_state_size(server, request);
    server_sum_add(sum, SESSION_BYTES + (uint64_t)fresh, 2);
    server_sum_drop(sum, SESSION_BYTES + (uint64_t)*state + *reply, 2 + (*reply > 0));
    sum->events += 7;
    *state = fresh;
    *reply = 0;
}

static uint64_t server_buffers(const struct server *server, const struct server_request *request,
                               uint32_t from, uint32_t to)
{
    uint64_t bytes = 0;
    for (uint32_t i = from; i < to; i++)
        bytes += server_size(server, request->key, i);
    return bytes;
}

/* A reply: ALLOC, WRITE, LOAD, STORE, two roots; the list's root; REQUEST and TIME. */
static void server_sum_end(const struct server *server, const struct server_request *request,
                           struct server_sum *sum)
{
    uint32_t *reply = &sum->reply[request->slot], fresh = server_reply_size(server, request);
    uint64_t buffers = server_buffers(server, request, 0, request->nodes);
    server_sum_add(sum, fresh, 1);
    server_sum_drop(sum, *reply, *reply > 0);
    server_sum_drop(sum, buffers + (uint64_t)request->nodes * NODE_BYTES,
                    2 * (uint64_t)request->nodes);
    sum->events += 6 + 1 + 2;
    *reply = fresh;
}

/* THREAD; a node: two ALLOCs, WRITE, STOREs of buffer and, but for the first, of the next one, and
 * the list's root; two roots in a turn that makes any. */
static void server_sum_turn(const struct server *server, const struct server_turn *turn,
                            struct server_sum *sum)
{
    struct server_request request = server_request(server, turn->request);
    uint32_t from = server_made_by(&request, turn->part);
    uint32_t to = server_made_by(&request, turn->part + 1);
    sum->events++;
    if (turn->part == 0) {
        sum->events++; /* REQUEST */
        server_sum_session(server, &request, sum);
    }
    if (to > from) {
        server_sum_add(
            sum, server_buffers(server, &request, from, to) + (uint64_t)(to - from) * NODE_BYTES,
            2 * (uint64_t)(to - from));
        sum->events += 6 * (uint64_t)(to - from) - (from == 0) + 2;
    }
    if (turn->part == SERVER_TURNS - 1)
        server_sum_end(server, &request, sum);
}

static gcr_status server_facts(const struct gcr_option_values *options,
                               struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct server server = server_parameters(options);
    uint64_t most =
        3 * server.sessions + 1 + server.threads * (2 * (uint64_t)server_most_nodes(&server) + 3);
    if (most > GCR_MAX_OBJECT)
        return gcr_fail(err, GCR_USAGE, "request-server: %llu live objects are too many",
                        (unsigned long long)most);
    struct server_sum sum = {.state = calloc(2 * server.sessions, sizeof *sum.state)};
    if (sum.state == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %llu sessions",
                        (unsigned long long)server.sessions);
    sum.reply = sum.state + server.sessions;
    server_sum_begin(&server, &sum);
    for (uint64_t n = 0; n < server_turns(&server); n++) {
        struct server_turn turn = server_turn(&server, n);
        if (turn.request < server.requests)
            server_sum_turn(&server, &turn, &sum);
    }
    free(sum.state);
    *out = (struct gcr_generator_facts){
        .events = sum.events + 1,
        .lanes = 1,
        .peak_live_bytes = sum.peak_bytes,
        .peak_live_objects = sum.peak_objects,
        .capabilities = {PARTS_CAPABILITIES, .threads = 1, .times = 1},
    };
    return GCR_OK;
}

/* ---- events ---- */

enum { GLOBAL_TABLE };
enum { ROOT_SESSION, ROOT_BUFFER, ROOT_NODE, ROOT_LIST };

struct server_run {
    struct emit emit;
    struct server server;
    uint32_t session, node, buffer; /* shapes */
    uint32_t table;
    uint32_t *held; /* session, state and reply of each slot; 0: none */
    uint32_t *made; /* nodes and buffers of each thread's request */
    uint64_t served;
};

static uint32_t *server_held(struct server_run *run, uint64_t slot)
{
    return run->held + 3 * slot;
}

static uint32_t server_allocate_buffer(struct server_run *run, uint32_t size)
{
    uint32_t buffer = emit_alloc(&run->emit, run->buffer, size, gcr_root_thread(ROOT_BUFFER));
    emit_write(&run->emit, buffer, 0, size);
    return buffer;
}

/* A session with a state of that size, in ROOT_SESSION and in its slot. */
static void server_open_session(struct server_run *run, uint64_t slot, uint32_t size)
{
    uint32_t *held = server_held(run, slot);
    held[0] = emit_alloc(&run->emit, run->session, 0, gcr_root_thread(ROOT_SESSION));
    held[1] = server_allocate_buffer(run, size);
    held[2] = 0;
    emit_store(&run->emit, held[0], SESSION_STATE, held[1]);
    emit_store(&run->emit, run->table, (uint32_t)slot, held[0]);
}

static void server_clear(struct server_run *run, uint32_t root, uint32_t other)
{
    emit_root(&run->emit, gcr_root_thread(root), 0);
    emit_root(&run->emit, gcr_root_thread(other), 0);
}

static void server_find_session(struct server_run *run, const struct server_request *request)
{
    uint32_t *held = server_held(run, request->slot);
    uint32_t old[3] = {held[0], held[1], held[2]};
    if (request->opens) {
        server_open_session(run, request->slot, server_state_size(&run->server, request));
        server_clear(run, ROOT_SESSION, ROOT_BUFFER);
        emit_deaths(&run->emit, old, old[2] != 0 ? 3 : 2);
        return;
    }
    emit_load(&run->emit, run->table, request->slot, gcr_root_thread(ROOT_SESSION));
    emit_load(&run->emit, held[0], SESSION_STATE, gcr_root_thread(ROOT_BUFFER));
    emit_read(&run->emit, held[1], 0, run->server.min > 8 ? 8 : (uint32_t)run->server.min);
    server_clear(run, ROOT_SESSION, ROOT_BUFFER);
}

/* Nodes [from, to) of a request, each in front of the last. */
static void server_work(struct server_run *run, const struct server_request *request,
                        uint32_t *made, uint32_t from, uint32_t to)
{
    struct emit *emit = &run->emit;
    for (uint32_t i = from; i < to && !emit_failed(emit); i++) {
        uint32_t node = emit_alloc(emit, run->node, 0, gcr_root_thread(ROOT_NODE));
        uint32_t buffer = server_allocate_buffer(run, server_size(&run->server, request->key, i));
        emit_store(emit, node, NODE_BUFFER, buffer);
        if (i > 0)
            emit_store(emit, node, NODE_NEXT, made[2 * (size_t)i - 2]);
        emit_root(emit, gcr_root_thread(ROOT_LIST), node);
        made[2 * (size_t)i] = node;
        made[2 * (size_t)i + 1] = buffer;
    }
    if (to > from)
        server_clear(run, ROOT_NODE, ROOT_BUFFER);
}

static void server_reply(struct server_run *run, const struct server_request *request,
                         const uint32_t *made)
{
    struct emit *emit = &run->emit;
    uint32_t *held = server_held(run, request->slot), old = held[2];
    held[2] = server_allocate_buffer(run, server_reply_size(&run->server, request));
    emit_load(emit, run->table, request->slot, gcr_root_thread(ROOT_SESSION));
    emit_store(emit, held[0], SESSION_REPLY, held[2]);
    server_clear(run, ROOT_SESSION, ROOT_BUFFER);
    emit_deaths(emit, &old, old != 0);
    emit_root(emit, gcr_root_thread(ROOT_LIST), 0);
    emit_deaths(emit, made, 2 * (size_t)request->nodes);
}

static void server_take_turn(struct server_run *run, const struct server_turn *turn)
{
    struct server_request request = server_request(&run->server, turn->request);
    uint32_t *made = run->made + turn->thread * 2 * server_most_nodes(&run->server);
    emit_plain(&run->emit, GCR_OP_THREAD, (uint32_t)turn->thread);
    if (turn->part == 0) {
        emit_request(&run->emit, (uint32_t)turn->request, GCR_REQUEST_BEGIN);
        server_find_session(run, &request);
    }
    server_work(run, &request, made, server_made_by(&request, turn->part),
                server_made_by(&request, turn->part + 1));
    if (turn->part < SERVER_TURNS - 1)
        return;
    server_reply(run, &request, made);
    emit_request(&run->emit, (uint32_t)turn->request, GCR_REQUEST_END);
    run->served++;
    emit_time(&run->emit, (uint64_t)((double)run->served * 1e9 / (double)run->server.rate));
}

static void server_main(struct server_run *run)
{
    struct server *server = &run->server;
    for (uint64_t slot = 0; slot < server->sessions && !emit_failed(&run->emit); slot++)
        server_open_session(run, slot, server_first_size(server, slot));
    server_clear(run, ROOT_SESSION, ROOT_BUFFER);
    for (uint64_t n = 0; n < server_turns(server) && !emit_failed(&run->emit); n++) {
        struct server_turn turn = server_turn(server, n);
        if (turn.request < server->requests)
            server_take_turn(run, &turn);
    }
    emit_plain(&run->emit, GCR_OP_EXIT, 0);
}

static gcr_status server_generate(const struct gcr_option_values *options,
                                  const struct emit_target *generation, struct gcr_error *err)
{
    static const struct gcr_shape session = {
        .field_bytes = SESSION_BYTES, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "Session"};
    static const struct gcr_shape node = {
        .field_bytes = NODE_BYTES, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "Node"};
    static const struct gcr_shape buffer = {
        .item_bytes = 1, .flags = GCR_SHAPE_ACYCLIC, .name = "Buffer"};
    struct server_run run = {.server = server_parameters(options)};
    emit_init(&run.emit, generation, true, err);
    uint32_t array = parts_array_shape(&run.emit);
    run.session = emit_shape(&run.emit, &session);
    run.node = emit_shape(&run.emit, &node);
    run.buffer = emit_shape(&run.emit, &buffer);
    run.held = emit_indexes(&run.emit, 3 * run.server.sessions);
    run.made = emit_indexes(&run.emit, run.server.threads * 2 * server_most_nodes(&run.server));
    if (!emit_failed(&run.emit))
        run.table = emit_alloc(&run.emit, array, (uint32_t)run.server.sessions,
                               gcr_root_global(GLOBAL_TABLE));
    if (!emit_failed(&run.emit))
        server_main(&run);
    free(run.held);
    free(run.made);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_request_server = {
    .name = "request-server",
    .summary =
        "threads that serve overlapping requests, with sessions: latency, middle-aged objects",
    .source = "this project",
    .options = server_options,
    .facts = server_facts,
    .generate = server_generate,
};

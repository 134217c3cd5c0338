/* request-server: a server whose threads serve requests, with sessions that live a while, in one
 * process or in workers that share a catalogue.
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
 * With more than one process a parent, which serves nothing, builds a catalogue of items and forks
 * them (the pre-fork server). They take the requests in turn, each with threads and sessions of its
 * own, and every request also looks up `lookups` items, evenly over its turns; a share `writes` of
 * the lookups writes to the item. Worker n of N has requests n, n + N, n + 2 N ... and ends
 * its k-th when the k-th of these would end if all were served one after the other.
 *
 * TIME events after each request say how fast the recorded program was: `rate` requests a second.
 * Deaths are exact. All that is random depends on seed, request and number of the object alone, so
 * that the peak is found beforehand by adding up sizes turn by turn. Memory: three indexes a
 * session, one an item, and the indexes of the largest request a thread. */
#include "workloads/request_server.h"
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option server_options[] = {
    {"requests", GCR_OPT_COUNT, "requests", "20000", 0, 1e7, NULL, "in all"},
    {"threads", GCR_OPT_COUNT, "threads", "4", 1, 4096, NULL,
     "of each process, that serve one request at a time"},
    {"sessions", GCR_OPT_COUNT, "sessions", "2000", 1, 1e7, NULL,
     "alive at a time in each process"},
    {"turnover", GCR_OPT_RATIO, "1", "0.1", 0, 1, NULL, "share of requests that open a session"},
    {"objects", GCR_OPT_COUNT, "objects", "40", 1, 1e5, NULL,
     "typical number of nodes that a request works with; a quarter to four times as many"},
    {"min-size", GCR_OPT_BYTES, "bytes", "16", 1, 65536, NULL,
     "smallest buffer; the largest has almost 512 times as much"},
    {"rate", GCR_OPT_COUNT, "requests", "20000", 1, 1e9, NULL,
     "requests a second in the recorded program, by its TIME events"},
    {"processes", GCR_OPT_COUNT, "processes", "1", 1, 256, NULL,
     "that serve; above 1 they are forked by a parent that has built the catalogue"},
    {"catalogue", GCR_OPT_COUNT, "items", "20000", 1, 1e7, NULL,
     "that the parent builds before it forks; a server of one process has none"},
    {"lookups", GCR_OPT_COUNT, "items", "10", 0, 1e5, NULL, "of the catalogue that a request uses"},
    {"writes", GCR_OPT_RATIO, "1", "0.01", 0, 1, NULL, "share of lookups that write to the item"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {0}};

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
        .catalogue = gcr_option_number(options, "catalogue"),
        .lookups = gcr_option_number(options, "lookups"),
        .writes = parts_share(gcr_option_ratio(options, "writes")),
        .processes = (uint32_t)gcr_option_number(options, "processes"),
    };
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
        sum->reply[slot] = 0;
        sum->state[slot] = server_first_size(server, slot);
        server_sum_add(sum, SESSION_BYTES + (uint64_t)sum->state[slot], 2);
    }
    sum->events += 1 + 5 * server->sessions + 2;
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

/* LOAD and READ or WRITE each, and a root. */
static void server_sum_lookups(const struct server *server, uint32_t part, struct server_sum *sum)
{
    uint32_t n = server_done_by(server->lookups, part + 1) - server_done_by(server->lookups, part);
    if (server->processes > 1 && n > 0)
        sum->events += 2 * (uint64_t)n + 1;
}

/* THREAD; a node: two ALLOCs, WRITE, STOREs of buffer and, but for the first, of the next one, and
 * the list's root; two roots in a turn that makes any. */
static void server_sum_turn(const struct server *server, const struct server_turn *turn,
                            struct server_sum *sum)
{
    struct server_request request = server_request(server, turn->request);
    uint32_t from = server_done_by(request.nodes, turn->part);
    uint32_t to = server_done_by(request.nodes, turn->part + 1);
    sum->events++;
    if (turn->part == 0) {
        sum->events++; /* REQUEST */
        server_sum_session(server, &request, sum);
    }
    server_sum_lookups(server, turn->part, sum);
    if (to > from) {
        server_sum_add(
            sum, server_buffers(server, &request, from, to) + (uint64_t)(to - from) * NODE_BYTES,
            2 * (uint64_t)(to - from));
        sum->events += 6 * (uint64_t)(to - from) - (from == 0) + 2;
    }
    if (turn->part == SERVER_TURNS - 1)
        server_sum_end(server, &request, sum);
}

/* One process from its first event to its EXIT. */
static void server_sum_process(const struct server *server, struct server_sum *sum)
{
    server_sum_begin(server, sum);
    for (uint64_t n = 0; n < server_turns(server); n++) {
        struct server_turn turn = server_turn(server, n);
        if (turn.request < server->requests)
            server_sum_turn(server, &turn, sum);
    }
    sum->events++;
}

/* The parent, then all workers; the peaks of *sum are the highest of any process. */
static void server_sum_workers(const struct server *server, struct server_sum *sum,
                               struct gcr_generator_facts *out)
{
    const struct population catalogue = server_catalogue(server);
    out->peak_live_bytes = population_bytes(&catalogue);
    out->peak_live_objects = 1 + catalogue.objects;
    sum->events = population_events(&catalogue) + server->processes + 1;
    for (uint32_t i = 0; i < server->processes; i++) {
        const struct server worker = server_worker(server, i);
        sum->bytes = out->peak_live_bytes;
        sum->objects = out->peak_live_objects;
        sum->events++; /* TIME */
        server_sum_process(&worker, sum);
    }
}

/* Objects that a process may have at a time, at most. */
static uint64_t server_most_objects(const struct server *server)
{
    uint64_t catalogue = server->processes > 1 ? 1 + server->catalogue : 0;
    return catalogue + 3 * server->sessions + 1 +
           server->threads * (2 * (uint64_t)server_most_nodes(server) + 3);
}

static gcr_status server_facts(const struct gcr_option_values *options,
                               struct gcr_generator_facts *out, struct gcr_error *err)
{
    const struct server server = server_parameters(options);
    const uint64_t most = server_most_objects(&server);
    if (most > GCR_MAX_OBJECT)
        return gcr_fail(err, GCR_USAGE, "request-server: %llu live objects are too many",
                        (unsigned long long)most);
    struct server_sum sum = {.state = calloc(2 * server.sessions, sizeof *sum.state)};
    if (sum.state == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %llu sessions",
                        (unsigned long long)server.sessions);
    sum.reply = sum.state + server.sessions;
    *out = (struct gcr_generator_facts){
        .lanes = server.processes > 1 ? 1 + server.processes : 1,
        .capabilities = {PARTS_CAPABILITIES, .threads = 1, .forks = server.processes > 1,
                         .times = 1},
    };
    if (server.processes > 1) {
        server_sum_workers(&server, &sum, out);
    } else {
        server_sum_process(&server, &sum);
        out->peak_live_bytes = sum.peak_bytes;
        out->peak_live_objects = sum.peak_objects;
    }
    out->events = sum.events;
    out->most_live_bytes = sum.peak_bytes;
    out->most_live_objects = sum.peak_objects;
    free(sum.state);
    return GCR_OK;
}

static gcr_status server_generate(const struct gcr_option_values *options,
                                  const struct emit_target *generation, struct gcr_error *err)
{
    const struct server server = server_parameters(options);
    return server_run(&server, generation, err);
}

const struct gcr_generator gcr_generator_request_server = {
    .name = "request-server",
    .summary = "threads that serve overlapping requests, with sessions: latency, middle-aged "
               "objects, workers that share a catalogue",
    .source = "this project",
    .options = server_options,
    .facts = server_facts,
    .generate = server_generate,
};

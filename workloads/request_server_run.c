/* What request-server writes; see request_server.h. */
#include "workloads/parts.h"
#include "workloads/request_server.h"

#include <stdlib.h>

enum { GLOBAL_TABLE, GLOBAL_WORKER_TABLE }; /* a worker's first has the catalogue */
enum { ROOT_SESSION, ROOT_BUFFER, ROOT_NODE, ROOT_LIST, ROOT_ITEM };

enum { SESSION_STATE, SESSION_REPLY };
enum { NODE_NEXT, NODE_BUFFER };

/* One process at a time. */
struct server_run {
    struct emit emit;
    struct server server;
    struct population catalogue;
    uint32_t array, session, node, buffer; /* shapes */
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

/* Items [from, to) of those that a request looks up. */
static void server_look_up(struct server_run *run, const struct server_request *request,
                           uint32_t from, uint32_t to)
{
    struct emit *emit = &run->emit;
    for (uint32_t i = from; i < to && !emit_failed(emit); i++) {
        const struct server_lookup lookup = server_lookup(&run->server, request, i);
        const uint32_t item = run->catalogue.member[lookup.item];
        emit_load(emit, run->catalogue.table, lookup.item, gcr_root_thread(ROOT_ITEM));
        if (lookup.writes)
            emit_write(emit, item, 0, CATALOGUE_DATA);
        else
            emit_read(emit, item, 0, CATALOGUE_DATA);
    }
    if (to > from)
        emit_root(emit, gcr_root_thread(ROOT_ITEM), 0);
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

/* When all requests up to the worker's i-th have ended, in nanoseconds. */
static uint64_t server_end_of(const struct server *server, uint64_t i)
{
    return (uint64_t)((double)(server_number(server, i) + 1) * 1e9 / (double)server->rate);
}

static void server_take_turn(struct server_run *run, const struct server_turn *turn)
{
    const struct server *server = &run->server;
    const struct server_request request = server_request(server, turn->request);
    const uint32_t number = (uint32_t)server_number(server, turn->request);
    uint32_t *made = run->made + turn->thread * 2 * server_most_nodes(server);
    emit_plain(&run->emit, GCR_OP_THREAD, (uint32_t)turn->thread);
    if (turn->part == 0) {
        emit_request(&run->emit, number, GCR_REQUEST_BEGIN);
        server_find_session(run, &request);
    }
    if (server->processes > 1)
        server_look_up(run, &request, server_done_by(server->lookups, turn->part),
                       server_done_by(server->lookups, turn->part + 1));
    server_work(run, &request, made, server_done_by(request.nodes, turn->part),
                server_done_by(request.nodes, turn->part + 1));
    if (turn->part < SERVER_TURNS - 1)
        return;
    server_reply(run, &request, made);
    emit_request(&run->emit, number, GCR_REQUEST_END);
    emit_time(&run->emit, server_end_of(server, run->served++));
}

/* Everything but EXIT. */
static void server_serve(struct server_run *run, uint32_t table_root)
{
    struct server *server = &run->server;
    run->served = 0;
    run->table =
        emit_alloc(&run->emit, run->array, (uint32_t)server->sessions, gcr_root_global(table_root));
    for (uint64_t slot = 0; slot < server->sessions && !emit_failed(&run->emit); slot++)
        server_open_session(run, slot, server_first_size(server, slot));
    server_clear(run, ROOT_SESSION, ROOT_BUFFER);
    for (uint64_t n = 0; n < server_turns(server) && !emit_failed(&run->emit); n++) {
        struct server_turn turn = server_turn(server, n);
        if (turn.request < server->requests)
            server_take_turn(run, &turn);
    }
}

static void server_fork_workers(struct server_run *run, const struct server *server)
{
    struct emit *emit = &run->emit;
    run->catalogue = server_catalogue(server);
    population_build(&run->catalogue, emit);
    uint32_t next = emit->next;
    population_fork(emit, server->processes);
    for (uint32_t lane = 1; lane <= server->processes && !emit_failed(emit); lane++) {
        run->server = server_worker(server, lane - 1);
        population_child_begin(emit, lane, next);
        emit_time(emit, 0);
        server_serve(run, GLOBAL_WORKER_TABLE);
        population_child_end(emit);
    }
    free(run->catalogue.member);
}

static void server_declare(struct server_run *run)
{
    static const struct gcr_shape session = {
        .field_bytes = SESSION_BYTES, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "Session"};
    static const struct gcr_shape node = {
        .field_bytes = NODE_BYTES, .slots = 2, .flags = GCR_SHAPE_CONTAINER, .name = "Node"};
    static const struct gcr_shape buffer = {
        .item_bytes = 1, .flags = GCR_SHAPE_ACYCLIC, .name = "Buffer"};
    run->array = parts_array_shape(&run->emit);
    run->session = emit_shape(&run->emit, &session);
    run->node = emit_shape(&run->emit, &node);
    run->buffer = emit_shape(&run->emit, &buffer);
}

gcr_status server_run(const struct server *server, const struct emit_target *generation,
                      struct gcr_error *err)
{
    struct server_run run = {.server = *server};
    emit_init(&run.emit, generation, true, err);
    server_declare(&run);
    run.held = emit_indexes(&run.emit, 3 * server->sessions);
    run.made = emit_indexes(&run.emit, server->threads * 2 * server_most_nodes(server));
    if (server->processes > 1 && !emit_failed(&run.emit)) {
        server_fork_workers(&run, server);
    } else if (!emit_failed(&run.emit)) {
        server_serve(&run, GLOBAL_TABLE);
        emit_plain(&run.emit, GCR_OP_EXIT, 0);
    }
    free(run.held);
    free(run.made);
    return emit_finish(&run.emit);
}

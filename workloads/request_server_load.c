/* The requests of request-server, each a function of seed and number; see request_server.h. */
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/request_server.h"

/* ---- processes ---- */

struct server server_worker(const struct server *server, uint32_t worker)
{
    struct server part = *server;
    part.worker = worker;
    part.requests = (server->requests + server->processes - 1 - worker) / server->processes;
    return part;
}

uint64_t server_number(const struct server *server, uint64_t i)
{
    return i * server->processes + server->worker;
}

struct population server_catalogue(const struct server *server)
{
    return (struct population){.objects = server->catalogue, .data = CATALOGUE_DATA};
}

/* ---- what is random ---- */

/* A request has 2^24 keys: its buffers use those below, its lookups those from here on. */
enum { LOOKUP_KEYS = 1 << 23 };

/* How many of the lowest n bits are ones. */
static unsigned server_ones(uint64_t bits, unsigned n)
{
    unsigned ones = 0;
    for (unsigned i = 0; i < n; i++)
        ones += (unsigned)(bits >> i & 1);
    return ones;
}

struct server_request server_request(const struct server *server, uint64_t i)
{
    struct server_request request = {
        .key = gcr_splitmix_mix(server->seed) + (server_number(server, i) << 24),
        .opens = parts_share_takes(server->turnover, i), /* each worker its share */
    };
    uint64_t random = gcr_splitmix_mix(request.key);
    uint64_t least = server->objects / 4 > 0 ? server->objects / 4 : 1;
    request.slot = gcr_splitmix_below(&random, server->sessions);
    request.nodes = (uint32_t)(least << server_ones(gcr_splitmix_next(&random), 4));
    return request;
}

uint32_t server_size(const struct server *server, uint64_t key, uint32_t i)
{
    uint64_t random = key + i + 1;
    uint64_t least = server->min << server_ones(gcr_splitmix_next(&random), 8);
    return (uint32_t)(least + gcr_splitmix_below(&random, least));
}

uint32_t server_first_size(const struct server *server, uint64_t slot)
{
    return server_size(server, gcr_splitmix_mix(~server->seed - server->worker) + (slot << 24), 0);
}

uint32_t server_most_nodes(const struct server *server)
{
    uint64_t least = server->objects / 4 > 0 ? server->objects / 4 : 1;
    return (uint32_t)(least << 4);
}

struct server_lookup server_lookup(const struct server *server,
                                   const struct server_request *request, uint32_t i)
{
    uint64_t random = request->key + LOOKUP_KEYS + i;
    struct server_lookup lookup = {.item = gcr_splitmix_below(&random, server->catalogue)};
    lookup.writes = (gcr_splitmix_next(&random) >> 32) < server->writes;
    return lookup;
}

/* ---- turns ---- */

struct server_turn server_turn(const struct server *server, uint64_t n)
{
    uint64_t round = n / server->threads;
    return (struct server_turn){.thread = n % server->threads,
                                .request =
                                    round / SERVER_TURNS * server->threads + n % server->threads,
                                .part = (uint32_t)(round % SERVER_TURNS)};
}

uint64_t server_turns(const struct server *server)
{
    uint64_t rounds = (server->requests + server->threads - 1) / server->threads;
    return rounds * server->threads * SERVER_TURNS;
}

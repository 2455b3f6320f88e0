import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import { DestinationId, IntegrationId } from "../../src/domain/Ids.ts"

const id = (letter: string, n: number) => `00000000-000${letter}-7000-8000-${String(n).padStart(12, "0")}`

/** Of most events; of the older third of them, and silent since; of three. */
export const integrations = {
  busy: IntegrationId.make(id("a", 1)),
  silent: IntegrationId.make(id("a", 2)),
  narrow: IntegrationId.make(id("a", 3))
}

/** The busy integration has two, the others one each. */
export const destinations = {
  busy: DestinationId.make(id("b", 1)),
  silent: DestinationId.make(id("b", 2)),
  narrow: DestinationId.make(id("b", 3)),
  second: DestinationId.make(id("b", 4))
}

/** When the newest comes in, in milliseconds since the epoch; one comes each second. */
export const newest = 1_793_491_200_000

/** So many that each filter is put to a hard test: what is rare lies far back, what is frequent may have been silent since. */
export const fill = Effect.fnUntraced(function*(count: number) {
  const sql = yield* SqlClient.SqlClient
  const share = (of: number) => Math.floor(count * of)
  const run = (statement: string) => sql.unsafe(statement)
  const millis = `(${newest} - (${count} - n) * 1000::bigint)`
  const time = `to_timestamp(${millis} / 1000.0)`
  const idOf = (version: number) => {
    const hex = `lpad(to_hex(${millis}), 12, '0')`
    return `(substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-7000-8${version}00-' || lpad(to_hex(n), 12, '0'))::uuid`
  }
  const narrow = `n IN (3, 5, ${share(0.5)})`
  const unrouted = `n BETWEEN ${share(0.7)} AND ${share(0.8)} OR n = 5`
  const whose = (busy: string, silent: string, narrowOne: string) =>
    `(CASE WHEN ${narrow} THEN '${narrowOne}' WHEN n <= ${share(0.3)} THEN '${silent}' ELSE '${busy}' END)::uuid`
  const state = `CASE
    WHEN n <= 24 THEN (ARRAY['pending', 'queued', 'delivering', 'retrying', 'held', 'dead', 'cancelled', 'delivered'])[n % 8 + 1]
    WHEN n = ${share(0.55)} THEN 'cancelled'
    WHEN n BETWEEN ${share(0.5)} AND ${share(0.6)} THEN 'dead'
    WHEN n BETWEEN ${share(0.6)} AND ${share(0.65)} THEN 'held'
    WHEN n > ${share(0.95)} THEN 'queued'
    ELSE 'delivered'
  END`
  const deliveries = (version: number, destination: string, wanted: string) =>
    run(`
      INSERT INTO deliveries (
        id, event_id, event_received_at, integration_id, destination_id, state, attempt_count, next_attempt,
        due_at, queued_at, held_at, failed_at, claim_token, lease_until
      )
      SELECT ${idOf(version)}, ${idOf(0)}, ${time}, ${
      whose(integrations.busy, integrations.silent, integrations.narrow)
    }, ${destination}, state, CASE WHEN state IN ('delivered', 'dead', 'retrying') THEN 1 ELSE 0 END, 2,
        CASE WHEN state IN ('pending', 'queued', 'delivering', 'retrying') THEN ${time} END, ${time},
        CASE WHEN state = 'held' THEN ${time} END, CASE WHEN state IN ('dead', 'cancelled') THEN ${time} END,
        CASE WHEN state = 'delivering' THEN gen_random_uuid() END, CASE WHEN state = 'delivering' THEN now() END
      FROM generate_series(1, ${count}) AS n, LATERAL (SELECT ${state} AS state) AS chosen
      WHERE NOT (${unrouted}) AND (${wanted})`)

  yield* run(`
    INSERT INTO integrations (id, slug, name, provider) VALUES
      ${Object.entries(integrations).map(([name, id]) => `('${id}', '${name}', '${name}', 'hmac')`).join(", ")}`)
  yield* run(`
    INSERT INTO destinations (id, integration_id, url, signing_envelope) VALUES
      ('${destinations.busy}', '${integrations.busy}', 'http://127.0.0.1:9/', 'none'),
      ('${destinations.second}', '${integrations.busy}', 'http://127.0.0.1:9/', 'none'),
      ('${destinations.silent}', '${integrations.silent}', 'http://127.0.0.1:9/', 'none'),
      ('${destinations.narrow}', '${integrations.narrow}', 'http://127.0.0.1:9/', 'none')`)
  yield* run(`
    INSERT INTO events (id, integration_id, dedupe_key, type, size, unrouted, received_at)
    SELECT ${idOf(0)}, ${whose(integrations.busy, integrations.silent, integrations.narrow)}, 'key-' || n,
      CASE WHEN n <= ${share(0.3)} THEN (ARRAY['old', 'common', NULL])[n % 3 + 1]
        WHEN n % ${Math.max(1, share(0.1))} = 0 THEN 'rare' ELSE 'common' END,
      100, ${unrouted}, ${time}
    FROM generate_series(1, ${count}) AS n`)
  yield* deliveries(1, whose(destinations.busy, destinations.silent, destinations.narrow), "true")
  yield* deliveries(2, `'${destinations.second}'`, `n % 50 = 0 AND n > ${share(0.3)} AND NOT (${narrow})`)
  yield* run("ANALYZE")
})

import type { Pool } from "pg"

/** Whoever sends webhooks, and where they go. */
export interface Source {
  readonly id: string
  readonly secret: string
  readonly destinationIds: ReadonlyArray<string>
}

const refreshMs = 10_000

/** All sources by their slug, kept in memory and read again now and then. */
export const watch = async (pool: Pool): Promise<(slug: string) => Source | undefined> => {
  const read = async () => {
    const { rows } = await pool.query<Source & { readonly slug: string }>(`
      SELECT sources.id, slug, sources.secret, coalesce(
        array_agg(destinations.id::text) FILTER (WHERE destinations.id IS NOT NULL), '{}'
      ) AS "destinationIds"
      FROM sources LEFT JOIN destinations ON source_id = sources.id
      GROUP BY sources.id`)
    return new Map(rows.map((row) => [row.slug, row]))
  }
  let sources = await read()
  setInterval(() => {
    read().then((found) => {
      sources = found
    }, () => undefined)
  }, refreshMs).unref()
  return (slug) => sources.get(slug)
}

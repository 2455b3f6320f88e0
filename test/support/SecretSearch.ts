import { SqlClient } from "@effect/sql"
import { Effect } from "effect"

/** Texts and bytes that nobody may see, by what they are. */
export type Secrets = Readonly<Record<string, string | Uint8Array>>

/** Which of some secrets a text holds, in whatever form they are usually written: each as `name in the form`. */
export const found = (text: string, secrets: Secrets): ReadonlyArray<string> => {
  const lower = text.toLowerCase()
  return Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(formsOf(Buffer.from(secret))).flatMap(([form, written]) =>
      written !== "" && (form === "hex" ? lower : text).includes(written) ? [`${name} in ${form}`] : []
    )
  )
}

const formsOf = (bytes: Buffer): Readonly<Record<string, string>> => {
  const text = bytes.toString("utf8")
  const encoded = [0, 1, 2].map((offset) => base64(bytes, offset))
  return {
    plain: Buffer.from(text).equals(bytes) ? text : "",
    bytes: bytes.toString("latin1"),
    JSON: JSON.stringify(text).slice(1, -1),
    URL: encodeURIComponent(text),
    hex: bytes.toString("hex"),
    ...Object.fromEntries(encoded.flatMap((written, offset) => [
      [`base64 at ${offset}`, written],
      [`base64url at ${offset}`, written.replaceAll("+", "-").replaceAll("/", "_")]
    ]))
  }
}

// Characters that the bytes before stand in, too, by how far into a group of three the bytes begin.
const shared = [0, 2, 3]

/** What of the base64 of a longer text tells of these bytes alone, where they begin so far into a group of three. */
const base64 = (bytes: Buffer, offset: number): string => {
  const written = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64").replace(/=+$/, "")
  return written.slice(shared[offset], (offset + bytes.byteLength) % 3 === 0 ? undefined : -1)
}

/** Every row of every table, as JSON. */
export const everything = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string }>`
    SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')`
  const rows = yield* Effect.forEach(
    tables,
    ({ name }) => sql<{ row: string }>`SELECT row_to_json(t)::text AS row FROM ${sql(name)} t`
  )
  return rows.flat().map(({ row }) => row).join("\n")
})

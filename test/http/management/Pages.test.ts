import { assert, describe, it, layer } from "@effect/vitest"
import { Array, Effect, FastCheck, Option, Schema } from "effect"
import { v7 } from "uuid"
import * as Page from "../../../src/http/management/Page.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

interface Listed {
  readonly data: ReadonlyArray<{ readonly id: string }>
  readonly nextCursor: string | null
}

/** The pages of a list to its end; not endless, even if the list is. */
const pages = <E, R>(read: (cursor: string) => Effect.Effect<Listed, E, R>) =>
  Effect.iterate({ found: Array.empty<ReadonlyArray<string>>(), cursor: Option.some("") }, {
    while: ({ cursor, found }) => Option.isSome(cursor) && found.length < 50,
    body: ({ cursor, found }) =>
      Effect.map(read(Option.getOrElse(cursor, () => "")), ({ data, nextCursor }) => ({
        found: [...found, data.map((_) => _.id)],
        cursor: Option.fromNullable(nextCursor)
      }))
  }).pipe(Effect.map(({ found }) => found))

const after = (cursor: string) => cursor === "" ? "" : `&cursor=${cursor}`

const List = Schema.Struct({
  data: Schema.Array(Schema.Struct({ id: Schema.String })),
  nextCursor: Schema.NullOr(Schema.String)
})

layer(Api.onTwins(), Api.live)("a list", (it) => {
  it.effect("gives 120 events in pages of fifty, without a gap or a repeat, newest first", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("many", nowhere)
      const sent = yield* Effect.forEach(
        Array.makeBy(120, String),
        (id) => Effect.map(Effect.flatMap(send(id), Gateway.accepted), (_) => _.eventId),
        { concurrency: 10 }
      )
      const found = yield* pages((cursor) => Api.events(`integration=many&limit=50${after(cursor)}`))
      assert.deepStrictEqual(found.map((_) => _.length), [50, 50, 20])
      assert.deepStrictEqual(found.flat(), sent.toSorted().toReversed())
      const byDefault = yield* pages((cursor) => Api.events(after(cursor).slice(1)))
      assert.deepStrictEqual(byDefault, found)
      const deliveries = yield* pages((cursor) => Api.deliveries(`limit=50${after(cursor)}`))
      assert.deepStrictEqual(deliveries.map((_) => _.length), [50, 50, 20])
      assert.strictEqual(new Set(deliveries.flat()).size, 120)
      assert.deepStrictEqual(deliveries.flat(), deliveries.flat().toSorted().toReversed())
    }))

  it.effect("ends with the page that is just full", () =>
    Effect.gen(function*() {
      const { nextCursor, data } = yield* Api.events("integration=many&limit=120")
      assert.deepStrictEqual([data.length, nextCursor], [120, null])
      assert.strictEqual((yield* Api.events("integration=many&limit=200")).nextCursor, null)
      assert.isString((yield* Api.events("integration=many&limit=119")).nextCursor)
    }))

  it.effect("repeats nothing when more comes in between two pages", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("growing", nowhere)
      const one = yield* Effect.forEach(Array.makeBy(6, String), (id) => Effect.flatMap(send(id), Gateway.accepted))
      const first = yield* Api.events("integration=growing&limit=3")
      yield* Effect.forEach(["a", "b"], (id) => send(id))
      const second = yield* Api.events(`integration=growing&limit=3${after(first.nextCursor ?? "")}`)
      assert.sameMembers([...first.data, ...second.data].map((_) => _.id as string), one.map((_) => _.eventId))
      assert.strictEqual(second.nextCursor, null)
    }))

  it.effect("of integrations goes on in the same way", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      for (const n of Array.range(1, 5)) yield* Gateway.integration(`listed-${n}`, nowhere)
      const found = yield* pages((cursor) =>
        Effect.flatMap(manage(`/integrations?limit=3${after(cursor)}`), ({ json }) => Schema.decodeUnknown(List)(json))
      )
      // With the two of the tests before.
      assert.deepStrictEqual(found.map((_) => _.length), [3, 3, 1])
      assert.strictEqual(new Set(found.flat()).size, 7)
    }))

  it.effect("refuses a cursor that it never gave, and a limit that it does not know", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const encoded = (text: string) => Buffer.from(text).toString("base64url")
      const cursors = [
        "abc",
        "%20",
        "019ab1f0-0000-7000-8000-000000000000",
        encoded("abc"),
        encoded("' OR 1=1"),
        encoded("\0")
      ]
      const limits = ["0", "201", "abc", "-1", "1.5", "", "Infinity", "1&limit=2", "9".repeat(400)]
      for (const list of ["/events", "/deliveries", "/integrations"]) {
        for (const cursor of cursors) {
          assert.deepStrictEqual(Api.complaints(yield* manage(`${list}?cursor=${cursor}`)), ["cursor"], cursor)
        }
        for (const limit of limits) {
          assert.deepStrictEqual(Api.complaints(yield* manage(`${list}?limit=${limit}`)), ["limit"], limit)
        }
        assert.strictEqual((yield* manage(`${list}?limit=1`)).status, 200)
        assert.strictEqual((yield* manage(`${list}?limit=200`)).status, 200)
      }
    }))
})

describe("pages", () => {
  it.effect.prop(
    "of any size over any list give all of it once, in order, and end",
    [FastCheck.integer({ min: 0, max: 40 }), FastCheck.integer({ min: 1, max: 12 })],
    ([count, limit]) =>
      Effect.gen(function*() {
        const all = Array.makeBy(count, (index) => ({ id: v7({ msecs: 1_000_000 - index }) }))
        const read = ({ before, limit }: { readonly before: Option.Option<string>; readonly limit: number }) =>
          Effect.succeed(
            all.filter(({ id }) => Option.match(before, { onNone: () => true, onSome: (_) => id < _ })).slice(0, limit)
          )
        const found = yield* pages((cursor) => Page.page(cursor === "" ? { limit } : { limit, cursor }, read))
        assert.deepStrictEqual(found.flat(), all.map((_) => _.id))
        assert.strictEqual(found.length, Math.max(1, Math.ceil(count / limit)))
      })
  )
})

import { Effect, Either, Encoding, Option, Schema } from "effect"
import { type Invalid, invalid } from "../../domain/Errors.ts"
import type { Part } from "../../services/store/Search.ts"

const maxLimit = 200
export const defaultLimit = 50

const Limit = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, maxLimit)).annotations({
  jsonSchema: { type: "integer", minimum: 1, maximum: maxLimit, default: defaultLimit }
})

/** What every list takes. */
export const PageParams = {
  limit: Schema.optionalWith(Limit, { exact: true }),
  cursor: Schema.optionalWith(Schema.String, { exact: true })
}

/** What every list answers. `nextCursor` is null on the last page. */
export const PageOf = <A, I>(item: Schema.Schema<A, I>) =>
  Schema.Struct({ data: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) })

interface Params {
  readonly limit?: number
  readonly cursor?: string
}

/** Reads one item more than asked for, to know whether another page follows. */
export const page = <A extends { readonly id: string }, E, R>(
  { cursor, limit = defaultLimit }: Params,
  read: (
    page: { readonly before: Option.Option<string>; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<A>, E, R>
): Effect.Effect<{ readonly data: ReadonlyArray<A>; readonly nextCursor: string | null }, E | Invalid, R> =>
  Effect.gen(function*() {
    const before = cursor === undefined ? Option.none() : Option.some(yield* decode(cursor))
    const found = yield* read({ before, limit: limit + 1 })
    const data = found.slice(0, limit)
    const last = data.at(-1)
    return { data, nextCursor: found.length > limit && last !== undefined ? Encoding.encodeBase64Url(last.id) : null }
  })

/**
 * The same for a list that looks at only so much for a page: it may hold less than was asked for, or nothing, and another one
 * follows where it did not come to the end.
 */
export const part = <A extends { readonly id: string }, E, R>(
  { cursor, limit = defaultLimit }: Params,
  read: (
    page: { readonly before: Option.Option<string>; readonly limit: number }
  ) => Effect.Effect<Part<A>, E, R>
): Effect.Effect<{ readonly data: ReadonlyArray<A>; readonly nextCursor: string | null }, E | Invalid, R> =>
  Effect.gen(function*() {
    const before = cursor === undefined ? Option.none() : Option.some(yield* decode(cursor))
    const { found, reached } = yield* read({ before, limit: limit + 1 })
    const data = found.slice(0, limit)
    const last = found.length > limit ? Option.map(Option.fromNullable(data.at(-1)), (_): string => _.id) : reached
    return { data, nextCursor: Option.getOrNull(Option.map(last, Encoding.encodeBase64Url)) }
  })

const isId = Schema.is(Schema.UUID)

const decode = (cursor: string): Effect.Effect<string, Invalid> =>
  Either.match(Either.filterOrLeft(Encoding.decodeBase64UrlString(cursor), isId, () => "not an id"), {
    onLeft: () => Effect.fail(invalid("cursor", "is not a cursor; pass nextCursor of the page before")),
    onRight: Effect.succeed
  })

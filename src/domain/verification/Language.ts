import { Option, Schema } from "effect"
import { find, isThere, type Place, Source } from "./Source.ts"

/** A field that has a value when it is left out. */
export const defaulted = <A, I>(schema: Schema.Schema<A, I>, value: NoInfer<A>) =>
  Schema.optionalWith(schema, { default: () => value, exact: true })

export const Hash = Schema.Literal("sha1", "sha256", "sha512")
export type Hash = typeof Hash.Type

export const Encoding = Schema.Literal("hex", "base64", "base64url")
export type Encoding = typeof Encoding.Type

/** Something was sent there, or exactly that, or nothing. */
export const Condition = Schema.Struct({
  at: Source,
  equals: Schema.optionalWith(Schema.String, { exact: true }),
  absent: defaulted(Schema.Boolean, false)
})
export interface Condition extends Schema.Schema.Type<typeof Condition> {}

/** Whether all of the conditions hold. */
export const hold = (conditions: ReadonlyArray<Condition>, place: Place): boolean =>
  conditions.every(({ absent, at, equals }) => {
    if (absent) return !isThere(at, place)
    return equals === undefined ? isThere(at, place) : Option.contains(find(at, place), equals)
  })

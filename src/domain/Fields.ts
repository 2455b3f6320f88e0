import { DateTime, Option, Schema } from "effect"

/** A field that may be left out. */
export const optional = <S extends Schema.Schema.Any>(schema: S) => Schema.optionalWith(schema, { exact: true })

/** A field that may be left out, and is an Option here. */
export const option = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { as: "Option", exact: true })

/** A stretch of time: `from` is included, `to` is not. */
export const span = { from: option(Schema.DateTimeUtc), to: option(Schema.DateTimeUtc) }

/** Where both ends are given, they stand in their order. */
export const forwards = <Fields extends Schema.Struct.Type<typeof span>, I>(
  schema: Schema.Schema<Fields, I>
): Schema.Schema<Fields, I> =>
  schema.pipe(
    Schema.filter(({ from, to }) =>
      Option.exists(from, (from) => Option.exists(to, DateTime.lessThan(from)))
        ? { path: ["to"], message: "is before from, so nothing lies between them" }
        : undefined
    )
  )

/** A text by which something is looked for. */
export const text = Schema.String.pipe(Schema.maxLength(300))

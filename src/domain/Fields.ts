import { Schema } from "effect"

/** A field that may be left out. */
export const optional = <S extends Schema.Schema.Any>(schema: S) => Schema.optionalWith(schema, { exact: true })

/** A field that may be left out, and is an Option here. */
export const option = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { as: "Option", exact: true })

/** A text by which something is looked for. */
export const text = Schema.String.pipe(Schema.maxLength(300))

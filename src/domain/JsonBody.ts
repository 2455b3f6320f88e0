import { type Option, Schema } from "effect"

const decode = Schema.decodeUnknownOption(Schema.parseJson())

/** A body as JSON; none when it is not. */
export const parse = (body: Uint8Array): Option.Option<unknown> => decode(new TextDecoder().decode(body))

import { Either, type Option, ParseResult, Predicate, Schema } from "effect"
import { DeliveryId, DestinationId, MarkerId, ReplayId } from "./Ids.ts"

const version = Schema.Literal(1)

// What PostgreSQL keeps in an integer.
const Count = Schema.Int.pipe(Schema.between(0, 2_147_483_647))

// Far beyond any message of ours. A longer one could nest deeper than the stack, or its reason outgrow a header.
export const maxLength = 4_096

/**
 * Asks for one attempt. `generation` and `attempt` are the fence: only the row's next pair is carried out. The destination
 * only says whose turn it is about; the row decides where the delivery goes.
 */
export const DeliveryMessage = Schema.Struct({
  v: version,
  deliveryId: DeliveryId,
  generation: Count,
  attempt: Count,
  destinationId: Schema.optionalWith(DestinationId, { exact: true })
})
export type DeliveryMessage = typeof DeliveryMessage.Type

/** Comes back once everything that was queued before it has been handed out. */
export const MarkerMessage = Schema.Struct({ v: version, markerId: MarkerId })
export type MarkerMessage = typeof MarkerMessage.Type

/** Asks for a replay, or for one slice of a bulk replay: only the row's next slice is carried out. */
export const ReplayMessage = Schema.Struct({
  v: version,
  replayId: ReplayId,
  slice: Schema.optionalWith(Count, { exact: true })
})
export type ReplayMessage = typeof ReplayMessage.Type

export const ProcessMessage = Schema.Union(DeliveryMessage, MarkerMessage)
export type ProcessMessage = typeof ProcessMessage.Type

export const encode = (message: ProcessMessage | ReplayMessage): string => JSON.stringify(message)

/** Decodes a message's text, or says why this revision cannot. Unknown fields are ignored. */
export const decoder = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema)
  return (text: string): Either.Either<A, string> =>
    Either.flatMap(parseJson(text), (json) => {
      const sent = Predicate.hasProperty(json, "v") ? json.v : undefined
      return sent !== undefined && sent !== version.literals[0]
        ? Either.left(`unknown message version ${JSON.stringify(sent)}; this revision reads version 1`)
        : Either.mapLeft(decode(json), (error) => `malformed message: ${problems(error)}`)
    })
}

// Of a message that may be one of several, what each of them lacks.
const problems = (error: ParseResult.ParseError): string =>
  [
    ...new Set(
      ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) =>
        path.length === 0 ? message : `${path.join(".")} ${message}`
      )
    )
  ].join("; or ")

/** The document that a message's text holds; none where it is no JSON, or longer than any message. */
export const json = (text: string): Option.Option<unknown> => Either.getRight(parseJson(text))

const parseJson = (text: string): Either.Either<unknown, string> =>
  text.length > maxLength
    ? Either.left(`malformed message: longer than ${maxLength} characters`)
    : Either.fromOption(decodeJson(text), () => "malformed message: not JSON")

const decodeJson = Schema.decodeUnknownOption(Schema.parseJson())

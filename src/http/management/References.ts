import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import { Effect, Option, Schema } from "effect"
import { identity } from "effect/Function"
import { NotFound } from "../../domain/Errors.ts"
import type { IntegrationId } from "../../domain/Ids.ts"
import type { Integrations } from "../../services/Integrations.ts"

/** A part of a path. The client escapes it, so that it leads nowhere else; what comes to a handler is unescaped already. */
export const param = <const Name extends string>(name: Name) => HttpApiSchema.param(name, Escaped)

const Escaped = Schema.transform(Schema.String, Schema.String, {
  strict: true,
  decode: identity,
  encode: encodeURIComponent
})

/** An id out of a path. What cannot be an id names nothing, and is not told back: it may have gone there by mistake. */
export const idOf = <A>(schema: Schema.Schema<A, string>, what: string) => {
  const decode = Schema.decodeOption(schema)
  return (text: string): Effect.Effect<A, NotFound> =>
    Option.match(decode(text), {
      onNone: () => new NotFound({ message: `There is no such ${what}; its id is a UUID.` }),
      onSome: Effect.succeed
    })
}

/** What was found, or that there is none. */
export const found = <A, E, R>(
  program: Effect.Effect<Option.Option<A>, E, R>,
  what: string,
  id: string
): Effect.Effect<A, E | NotFound, R> =>
  Effect.flatMap(
    program,
    Option.match({
      onNone: () => new NotFound({ message: `There is no ${what} ${id}.` }),
      onSome: Effect.succeed<A>
    })
  )

/** The id behind an optional id or slug. */
export const integrationIdOf = (integrations: typeof Integrations.Service) => (reference: Option.Option<string>) =>
  Option.match(reference, {
    onNone: () => Effect.succeed(Option.none<IntegrationId>()),
    onSome: (_) => Effect.asSome(integrations.idOf(_))
  })

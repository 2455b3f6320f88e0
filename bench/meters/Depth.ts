import { Effect, type Scope } from "effect"
import * as Amqp from "../../test/faults/Amqp.ts"
import type { Place } from "../Place.ts"

/** Asks how many messages wait in a queue, over one connection for the life of the scope. */
export const of = (
  { ground: { rabbitMq } }: Place,
  queue: string
): Effect.Effect<Effect.Effect<number>, never, Scope.Scope> =>
  Effect.map(
    Effect.orDie(Amqp.channel(rabbitMq.url)),
    (channel) => Effect.map(Effect.promise(() => channel.checkQueue(queue)), ({ messageCount }) => messageCount)
  )

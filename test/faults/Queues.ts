import { Duration, Effect } from "effect"
import type { World } from "./World.ts"

/** How old at most is what a quorum queue says of its messages. */
const reportEvery = Duration.seconds(6)
/**
 * Stale messages come out of the longest rung within a few. But what comes out of a rung just while RabbitMQ starts, before its
 * exchanges are there, RabbitMQ 3.10 keeps there and tries again after three minutes.
 */
const looks = 200
const look = Duration.seconds(1)

/** The queues that do not become empty, in words. What a worker has in hand counts as well. */
export const left = ({ ground: { rabbitMq } }: World): Effect.Effect<ReadonlyArray<string>> => {
  const full = rabbitMq.control("list_queues", "--quiet", "name", "messages").pipe(
    Effect.map(read),
    Effect.catchAll(({ message }) => Effect.succeed([`RabbitMQ does not tell: ${message}`]))
  )
  const emptied = (more: number): Effect.Effect<ReadonlyArray<string>> =>
    Effect.flatMap(full, (words) =>
      words.length === 0 || more === 0
        ? Effect.succeed(words)
        : Effect.zipRight(Effect.sleep(look), emptied(more - 1)))
  return Effect.delay(emptied(looks), reportEvery)
}

/** The queues with messages, of a table of all. */
export const read = (table: string): ReadonlyArray<string> =>
  Array.from(table.matchAll(/^(\S+)\s+(\d+)\s*$/gm))
    .filter(([, , messages]) => messages !== "0")
    .map(([, name, messages]) => `${name} holds ${messages} ${messages === "1" ? "message" : "messages"}`)

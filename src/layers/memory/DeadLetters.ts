import { Effect, Either, Option } from "effect"
import type { DeadLetter, Death } from "../../domain/DeadLetter.ts"
import type { BrokerError, DeadLetters, Look, Requeued } from "../../services/ports/Broker.ts"
import type * as Line from "./Line.ts"

type Put = (queue: string, message: Omit<Line.Message, "handOuts">) => Effect.Effect<void, BrokerError>

/** The dead-letter queue in memory. Looking at it takes nothing out. */
export const make = (dead: Line.Ready, put: Put): DeadLetters => ({
  inspect: ({ bytes, limit }: Look) =>
    Effect.map(dead.first(limit), (messages) => {
      let seen = 0
      const letters: Array<DeadLetter> = []
      for (const message of messages) {
        if (seen >= bytes) break
        const letter = letterOf(message)
        letters.push(letter)
        seen += letter.bytes
      }
      return letters
    }),

  requeue: Effect.fnUntraced(function*(
    limit: number,
    target: (letter: DeadLetter) => Option.Option<string>
  ): Effect.fn.Return<Requeued, BrokerError> {
    const there = yield* dead.size
    const staying: Array<Line.Message> = []
    let requeued = 0
    let failure = Option.none<BrokerError>()
    for (let seen = 0; seen < there && requeued < limit && Option.isNone(failure); seen += 1) {
      const message = yield* dead.poll
      if (Option.isNone(message)) break
      const queue = target(letterOf(message.value))
      if (Option.isNone(queue)) {
        staying.push(message.value)
        continue
      }
      const { content, deaths } = message.value
      const outcome = yield* Effect.either(put(queue.value, { content, deaths, death: Option.none() }))
      if (Either.isRight(outcome)) requeued += 1
      else {
        staying.push(message.value)
        failure = Option.some(outcome.left)
      }
    }
    yield* Effect.forEach(staying, dead.offer, { discard: true })
    if (Option.isSome(failure) && requeued === 0) return yield* failure.value
    return { requeued, left: there - requeued }
  }, Effect.uninterruptible),

  purge: Effect.gen(function*() {
    const there = yield* dead.size
    let purged = 0
    while (purged < there && Option.isSome(yield* dead.poll)) purged += 1
    return purged
  })
})

const letterOf = ({ content, death }: Line.Message): DeadLetter => ({
  content,
  bytes: Buffer.byteLength(content),
  death: Option.getOrElse(death, () => unexplained)
})

const unexplained: Death = {
  cause: "unknown",
  said: Option.none(),
  queue: Option.none(),
  at: Option.none(),
  times: 0
}

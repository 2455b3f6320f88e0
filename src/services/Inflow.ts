import { Context, Effect, Layer } from "effect"
import { Settings } from "./Settings.ts"

/** The bytes of one request, counted as they arrive. */
export interface Held {
  /** Counts so many more; false when there are too many in this process. */
  readonly add: (bytes: number) => boolean
  /** From now on so many of them are counted for whoever stores them, who lets go of them. */
  readonly handOver: (bytes: number) => void
  /** Lets go of all that was not handed over; what comes after that is not counted. */
  readonly close: () => void
}

/** Bounds the bytes of webhooks that are in this process and not stored yet, however slow PostgreSQL is to take them. */
export class Inflow extends Context.Tag("sluice/services/Inflow")<Inflow, {
  readonly open: () => Held
  /** Bytes that were handed over are stored, or never will be. */
  readonly letGo: (bytes: number) => void
}>() {
  static readonly layer = Layer.effect(Inflow, Effect.map(Settings, ({ maxWebhookBytes }) => make(maxWebhookBytes)))
}

const leastBytes = 134_217_728
// Of the largest webhooks so many find room.
const ofTheLargest = 4

const make = (maxWebhookBytes: number): typeof Inflow.Service => {
  const limit = Math.max(leastBytes, maxWebhookBytes * ofTheLargest)
  let total = 0
  return Inflow.of({
    letGo: (bytes) => {
      total -= bytes
    },
    open: () => {
      let own = 0
      let isOpen = true
      const move = (bytes: number) => {
        own += bytes
        if (isOpen) return
        total -= own
        own = 0
      }
      return {
        add: (bytes) => {
          total += bytes
          move(bytes)
          return total <= limit
        },
        handOver: (bytes) => move(-bytes),
        close: () => {
          isOpen = false
          move(0)
        }
      }
    }
  })
}

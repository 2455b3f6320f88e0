import { Schema } from "effect"

/**
 * What becomes of deliveries that wait: they still go out, stay until the destination is resumed, go out now that it is, or
 * never go out.
 */
export const Fate = Schema.Literal("delivered", "held", "released", "cancelled")
export type Fate = typeof Fate.Type

/** The deliveries that wait, and what a change means for them. Beyond what is counted there are `atLeast` so many. */
export const Waiting = Schema.Struct({ deliveries: Schema.Int, atLeast: Schema.Boolean, fate: Fate })
export type Waiting = typeof Waiting.Type

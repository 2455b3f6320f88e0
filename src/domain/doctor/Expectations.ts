import type { DeliveryState } from "../Delivery.ts"

export const columns = ["due_at", "queued_at", "held_at", "failed_at", "claim_token", "lease_until"] as const

export type Column = typeof columns[number]

/** Whether a column must hold something (`set`), must not (`none`), or may (`any`). */
export type Expectation = "set" | "none" | "any"

const open = { due_at: "set", queued_at: "any", held_at: "none", failed_at: "none" } as const
const unclaimed = { claim_token: "none", lease_until: "none" } as const
const over = { ...unclaimed, due_at: "none", queued_at: "any", held_at: "none" } as const

/** What each state of a delivery says of the columns beside it. */
export const expectations: Readonly<Record<DeliveryState, Readonly<Record<Column, Expectation>>>> = {
  pending: { ...open, ...unclaimed },
  // The token of a claim that lapsed stays until another takes its place.
  queued: { ...open, queued_at: "set", claim_token: "any", lease_until: "none" },
  delivering: { ...open, claim_token: "set", lease_until: "set" },
  retrying: { ...open, ...unclaimed },
  held: { ...unclaimed, due_at: "none", queued_at: "any", held_at: "set", failed_at: "none" },
  delivered: { ...over, failed_at: "none" },
  dead: { ...over, failed_at: "set" },
  // An attempt that was under way is recorded by its token.
  cancelled: { ...over, claim_token: "any", failed_at: "set" }
}

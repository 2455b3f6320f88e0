import { createHash } from "node:crypto"

const digits = 8
const scatter = 8

/**
 * The id of a webhook: its batch, and its number there, behind a hash of both, so that ids come in no order, as those of
 * providers do. All ids of a batch are of one length.
 */
export const make = (batch: string, number: number): string => {
  const name = `${batch}-${String(number).padStart(digits, "0")}`
  return `${createHash("md5").update(name).digest("hex").slice(0, scatter)}-${name}`
}

export const batchOf = (id: string): string => id.slice(scatter + 1, -digits - 1)

export const numberOf = (id: string): number => Number(id.slice(-digits))

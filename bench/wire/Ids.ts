const digits = 8

/** The id of a webhook: its batch, and its number there. All ids of a batch are of one length. */
export const make = (batch: string, number: number): string => `${batch}-${String(number).padStart(digits, "0")}`

export const batchOf = (id: string): string => id.slice(0, -digits - 1)

export const numberOf = (id: string): number => Number(id.slice(-digits))

/** Of what a call says, a misspelt field is told, not ignored, and all that is wrong is told at once. */
export const strict = { parseOptions: { onExcessProperty: "error", errors: "all" } } as const

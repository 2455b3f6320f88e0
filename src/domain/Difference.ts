import { Option } from "effect"

export type Fields = Readonly<Record<string, unknown>>

/** The fields that a change touched, as they were and as they are; null where there was nothing, or is nothing any more. */
export interface Difference {
  readonly before: Fields | null
  readonly after: Fields | null
}

/** In what two states of one thing differ, whose fields are JSON; none when in nothing. */
export const between = (before: Option.Option<Fields>, after: Option.Option<Fields>): Option.Option<Difference> => {
  if (Option.isNone(before) || Option.isNone(after)) {
    return Option.isSome(before) || Option.isSome(after)
      ? Option.some({ before: Option.getOrNull(before), after: Option.getOrNull(after) })
      : Option.none()
  }
  const changed = [...new Set([...Object.keys(before.value), ...Object.keys(after.value)])].filter((name) =>
    JSON.stringify(before.value[name]) !== JSON.stringify(after.value[name])
  )
  return changed.length === 0
    ? Option.none()
    : Option.some({ before: pick(before.value, changed), after: pick(after.value, changed) })
}

const pick = (fields: Fields, names: ReadonlyArray<string>): Fields =>
  Object.fromEntries(names.map((name) => [name, fields[name] ?? null]))

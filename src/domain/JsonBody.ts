import { Option } from "effect"

/** Nobody nests deeper; what does costs a hundred times its size to read. */
const maxDepth = 500

const decoder = new TextDecoder()
const decode = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** A body as JSON; none when it is not, or when it is nested more than 500 levels deep. */
export const parse = (body: Uint8Array): Option.Option<unknown> => {
  if (isDeep(body)) return Option.none()
  const text = decoder.decode(body)
  return mayBegin.test(text) ? decode(text) : Option.none()
}

// A form, say, is told apart by its first word: an exception costs more than reading the whole body.
const mayBegin = /^\s*(?:[{["\d-]|(?:true|false|null)\s*$)/

// The signs of JSON's structure never stand within another character's UTF-8.
const isDeep = (body: Uint8Array): boolean => {
  let depth = 0
  let inText = false
  for (let at = 0; at < body.length; at += 1) {
    switch (body[at]) {
      case sign.quote:
        inText = !inText
        break
      case sign.backslash:
        if (inText) at += 1
        break
      case sign.openBracket:
      case sign.openBrace:
        if (!inText) depth += 1
        if (depth > maxDepth) return true
        break
      case sign.closeBracket:
      case sign.closeBrace:
        if (!inText) depth -= 1
        break
    }
  }
  return false
}

/** The bytes that make up JSON's structure. */
export const sign = {
  quote: 0x22,
  comma: 0x2c,
  backslash: 0x5c,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d
} as const

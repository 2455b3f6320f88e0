import * as HttpApi from "@effect/platform/HttpApi"
import { Option, Schema, SchemaAST } from "effect"
import { ManagementApi } from "../../../src/http/management/ManagementApi.ts"

export interface Route {
  /** Of the typed client, such as `integrations.create`. */
  readonly name: string
  readonly method: string
  /** With ids of nothing. */
  readonly path: string
  /** As the document has it. */
  readonly template: string
  /** Whether it asks for the key. */
  readonly guarded: boolean
  /** What the typed client is given for a call with ids of nothing. */
  readonly request: () => unknown
  /** What its query may hold. */
  readonly params: ReadonlyArray<string>
  /** What its body is before it is read; none where it takes no body. */
  readonly body: Option.Option<SchemaAST.AST>
  /** Of the errors that it declares, by status. */
  readonly errors: ReadonlyMap<number, SchemaAST.AST>
}

const nothing = "019ab1f0-0000-7000-8000-000000000000"

const reflected = (): ReadonlyArray<Route> => {
  const found: Array<Route> = []
  HttpApi.reflect(ManagementApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, errors, group, middleware }) => {
      const template = endpoint.path.replace(/:(\w+)/g, "{$1}")
      const name = `${group.identifier}.${endpoint.name}`
      const body = Option.map(endpoint.payloadSchema, ({ ast }) => SchemaAST.encodedAST(ast))
      found.push({
        name,
        method: endpoint.method,
        path: withIds(template, nothing),
        template,
        guarded: middleware.size > 0,
        request: () => ({
          path: Object.fromEntries([...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => [name, nothing])),
          urlParams: Option.map(endpoint.urlParamsSchema, (_) => Schema.decodeUnknownSync(_)({})).pipe(
            Option.getOrUndefined
          ),
          payload: Option.map(endpoint.payloadSchema, (_) => Schema.decodeUnknownSync(_)(needed({ body, name }))).pipe(
            Option.getOrUndefined
          )
        }),
        params: Option.match(endpoint.urlParamsSchema, { onNone: () => [], onSome: ({ ast }) => fieldsOf(ast) }),
        body,
        errors: new Map(
          [...errors].flatMap(([status, { ast }]) =>
            Option.match(ast, { onNone: () => [], onSome: (_) => [[status, _]] })
          )
        )
      })
    }
  })
  return found
}

/** A route's path with other ids. */
export const withIds = (template: string, id: string): string => template.replaceAll(/\{\w+\}/g, () => id)

/** The names of the fields of an object, or of all that it may be. */
export const fieldsOf = (ast: SchemaAST.AST): ReadonlyArray<string> => {
  const encoded = SchemaAST.encodedAST(ast)
  const members = SchemaAST.isUnion(encoded) ? encoded.types : [encoded]
  return [...new Set(members.flatMap((_) => SchemaAST.getPropertySignatures(_)).map(({ name }) => String(name)))]
}

/** Something of this form, with nothing in it that may be left out. */
export const sample = (ast: SchemaAST.AST): unknown => {
  switch (ast._tag) {
    case "StringKeyword":
    case "TemplateLiteral":
      return "text"
    case "NumberKeyword":
      return 1
    case "BooleanKeyword":
      return false
    case "Literal":
      return ast.literal
    case "TupleType":
      return []
    case "Union":
      return ast.types[0] === undefined ? null : sample(ast.types[0])
    case "TypeLiteral":
      return Object.fromEntries(
        ast.propertySignatures.filter((_) => !_.isOptional).map(({ name, type }) => [String(name), sample(type)])
      )
    case "Suspend":
      return sample(ast.f())
    default:
      return null
  }
}

/** Where the form alone does not make a body good. */
const examples: Readonly<Record<string, unknown>> = {
  "integrations.create": { slug: "text", name: "text", provider: "none" },
  "secrets.change": { validUntil: null },
  "replays.create": { filter: { type: "text" }, reason: "text" },
  "deadLetters.replay": { filter: { destinationId: nothing }, reason: "text" }
}

/** What a route's body must at least hold. */
export const needed = ({ body, name }: Pick<Route, "body" | "name">): unknown =>
  Option.match(body, { onNone: () => undefined, onSome: (ast) => examples[name] ?? sample(ast) })

/** Whether an answer is an error that the route declares. */
export const declares = ({ errors }: Route, status: number, body: unknown): boolean => {
  const ast = errors.get(status)
  return ast !== undefined && Option.isSome(Schema.decodeUnknownOption(Schema.make(ast))(body))
}

/** Every route of the management API, as its definition tells. */
export const all: ReadonlyArray<Route> = reflected()

/** Those that ask for the key. */
export const guarded = all.filter((_) => _.guarded)

/** Those that anybody may call. */
export const free = all.filter((_) => !_.guarded)

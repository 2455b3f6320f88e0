import { Effect, Either } from "effect"

/** What is nearly always known at once, and takes a program where it is not: what comes by the thousand needs no fiber. */
export type AtOnce<A, E = never> = Either.Either<A, E> | Later<A, E>

export interface Later<A, E> {
  readonly _tag: "Later"
  readonly program: Effect.Effect<A, E>
}

export const later = <A, E>(program: Effect.Effect<A, E>): Later<A, E> => ({ _tag: "Later", program })

export const program = <A, E>(self: AtOnce<A, E>): Effect.Effect<A, E> => self._tag === "Later" ? self.program : self

export const flatMap = <A, E, B, E2>(self: AtOnce<A, E>, next: (value: A) => AtOnce<B, E2>): AtOnce<B, E | E2> => {
  switch (self._tag) {
    case "Right":
      return next(self.right)
    case "Left":
      return Either.left(self.left)
    case "Later":
      return later(Effect.flatMap(self.program, (value) => program(next(value))))
  }
}

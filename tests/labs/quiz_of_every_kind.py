"""A quiz with a question of every kind, for tests to change."""

QUIZ = """\
title: {es: "Comprueba: paralelismo", en: "Check: parallelism"}
questions:
  - id: quien-espera
    kind: single
    page: paralelismo
    text: {es: "¿Quién espera a `join()`?", en: "Who waits for `join()`?"}
    options:
      - {text: {es: El padre, en: The parent}, correct: true, feedback: {es: "Sí, espera.", en: "Yes, it waits."}}
      - {text: {es: El hijo, en: The child}, feedback: {es: El hijo termina., en: The child ends.}}
      - {text: {es: Nadie, en: Nobody}, feedback: {es: Alguien debe., en: Somebody must.}}
  - id: que-escala
    kind: multiple
    points: 2
    text: {es: "¿Qué escala?", en: "What scales?"}
    options:
      - {text: {es: Sumar, en: Adding}, correct: true, feedback: {es: Se parte., en: It splits.}}
      - {text: {es: Contar, en: Counting}, correct: true, feedback: {es: También., en: As well.}}
      - {text: {es: Esperar, en: Waiting}, feedback: {es: No se parte., en: It doesn't split.}}
      - {text: {es: Dormir, en: Sleeping}, feedback: {es: Tampoco., en: Neither.}}
  - id: amdahl
    kind: numeric
    page: paralelismo
    parameters: {n: {choose: [4, 8, 16]}, f: {from: 0.05, to: 0.3, step: 0.05}}
    text: {es: "Fracción {{f}}, {{n}} núcleos: `s({{f}})` y $f = {{f}}$.", en: "Fraction {{f}}, {{n}} cores."}
    answer: "1 / (f + (1 - f) / n)"
    tolerance: 0.02
    unit: {es: veces, en: times}
    feedback: {es: "Con {{n}} núcleos.", en: "With {{n}} cores."}
  - id: ciclo
    kind: ordering
    text: {es: Ordena., en: Put in order.}
    items:
      - {es: Partir, en: Split}
      - {es: Repartir, en: Hand out}
      - {es: Calcular, en: Compute}
      - {es: Juntar, en: Gather}
    feedback: {es: Primero se parte., en: Splitting comes first.}
  - id: parejas
    kind: matching
    text: {es: Une., en: Match.}
    pairs:
      - {left: {es: Proceso, en: Process}, right: {es: Memoria propia, en: Its own memory}}
      - {left: {es: Hilo, en: Thread}, right: {es: Memoria común, en: Shared memory}}
      - {left: {es: Corrutina, en: Coroutine}, right: {es: Memoria común, en: Shared memory}}
    feedback: {es: Los hilos comparten., en: Threads share.}
  - id: consistencia
    kind: text
    text: {es: "¿Qué consistencia?", en: "Which consistency?"}
    accept: {es: ["consistencia eventual", "eventual"], en: ["eventual consistency"]}
    feedback: {es: Llega al final., en: It arrives in the end.}
  - id: que-imprime
    kind: output
    code: |
      print(sum(range({{n}})))
    cases: [{n: 4}, {n: 5}]
    prints: ["6", "10"]
    text: {es: "¿Qué imprime?", en: "What does it print?"}
    feedback: {es: "Se suman los de 0 a {{n}} sin él.", en: "0 to {{n}} without it."}
"""

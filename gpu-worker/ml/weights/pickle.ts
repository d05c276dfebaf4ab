import { PickleError, type PickleInput, pickleInput } from './pickle-input.ts';
import type { TorchStorage, TorchTensor } from './torch-tensor.ts';

/** What a checkpoint's pickle can hold. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | { kind: 'tuple'; items: readonly PickleValue[] }
  | { kind: 'list'; items: PickleValue[] }
  | { kind: 'dict'; entries: Map<PickleValue, PickleValue> }
  /** A name such as `collections.OrderedDict`; it is never looked up. */
  | { kind: 'global'; name: string }
  /** What the caller makes of persistent ids and of calls. */
  | { kind: 'storage'; storage: TorchStorage }
  | { kind: 'tensor'; tensor: TorchTensor };

export type PickleDoors = {
  /** The value of calling the global `name`; throws to refuse it. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  /** The value behind a persistent id; throws to refuse it. */
  persistentLoad(id: PickleValue): PickleValue;
};

type Machine = {
  input: PickleInput;
  stack: PickleValue[];
  marks: number[];
  memo: Map<number, PickleValue>;
  doors: PickleDoors;
};

type Instruction = (machine: Machine) => void;

const STOP = 0x2e;

const INSTRUCTIONS = new Map<number, Instruction>([
  [0x80, ({ input }) => requireProtocol(input.uint8())], // PROTO
  [0x95, ({ input }) => input.skip(8)], // FRAME
  [0x4e, ({ stack }) => stack.push(null)], // NONE
  [0x88, ({ stack }) => stack.push(true)], // NEWTRUE
  [0x89, ({ stack }) => stack.push(false)], // NEWFALSE
  [0x4b, ({ stack, input }) => stack.push(input.uint8())], // BININT1
  [0x4d, ({ stack, input }) => stack.push(input.uint16())], // BININT2
  [0x4a, ({ stack, input }) => stack.push(input.int32())], // BININT
  [0x8a, ({ stack, input }) => stack.push(input.integer(input.uint8()))], // LONG1
  [0x47, ({ stack, input }) => stack.push(input.float64())], // BINFLOAT
  [0x58, ({ stack, input }) => stack.push(input.text(input.uint32()))], // BINUNICODE
  [0x8c, ({ stack, input }) => stack.push(input.text(input.uint8()))], // SHORT_BINUNICODE
  [0x28, ({ marks, stack }) => marks.push(stack.length)], // MARK
  [0x29, ({ stack }) => stack.push({ kind: 'tuple', items: [] })], // EMPTY_TUPLE
  [0x85, (machine) => pushTuple(machine, popMany(machine, 1))], // TUPLE1
  [0x86, (machine) => pushTuple(machine, popMany(machine, 2))], // TUPLE2
  [0x87, (machine) => pushTuple(machine, popMany(machine, 3))], // TUPLE3
  [0x74, (machine) => pushTuple(machine, popToMark(machine))], // TUPLE
  [0x5d, ({ stack }) => stack.push({ kind: 'list', items: [] })], // EMPTY_LIST
  [0x61, (machine) => append(machine, popMany(machine, 1))], // APPEND
  [0x65, (machine) => append(machine, popToMark(machine))], // APPENDS
  [0x7d, ({ stack }) => stack.push({ kind: 'dict', entries: new Map() })], // EMPTY_DICT
  [0x73, (machine) => setItems(machine, popMany(machine, 2))], // SETITEM
  [0x75, (machine) => setItems(machine, popToMark(machine))], // SETITEMS
  [0x71, (machine) => machine.memo.set(machine.input.uint8(), top(machine))], // BINPUT
  [0x72, (machine) => machine.memo.set(machine.input.uint32(), top(machine))], // LONG_BINPUT
  [0x94, (machine) => machine.memo.set(machine.memo.size, top(machine))], // MEMOIZE
  [0x68, (machine) => recall(machine, machine.input.uint8())], // BINGET
  [0x6a, (machine) => recall(machine, machine.input.uint32())], // LONG_BINGET
  [0x63, ({ stack, input }) => stack.push({ kind: 'global', name: `${input.line()}.${input.line()}` })], // GLOBAL
  [0x93, pushStackGlobal], // STACK_GLOBAL
  [0x51, (machine) => machine.stack.push(machine.doors.persistentLoad(popMany(machine, 1)[0]))], // BINPERSID
  [0x52, reduce], // REDUCE
  [0x62, build], // BUILD
]);

/**
 * Reads one value in Python's pickle format (https://github.com/python/cpython/blob/3.13/Lib/pickletools.py), the opcodes that
 * torch.save writes, and runs nothing: plain values are built, and the two doors to code, calls of globals and
 * persistent ids, lead to the caller, who knows the few that it accepts.
 *
 * @throws PickleError for broken or unsupported bytes, and whatever `doors` throws.
 */
export function readPickle(bytes: Buffer, doors: PickleDoors): PickleValue {
  const machine: Machine = { input: pickleInput(bytes), stack: [], marks: [], memo: new Map(), doors };
  for (;;) {
    const offset = machine.input.offset();
    const opcode = machine.input.uint8();
    if (opcode === STOP) return popMany(machine, 1)[0];
    const instruction = INSTRUCTIONS.get(opcode);
    if (!instruction) throw new PickleError(`opcode 0x${opcode.toString(16)} at byte ${offset} is not supported`);
    instruction(machine);
  }
}

function requireProtocol(version: number): void {
  if (version < 2 || version > 5) throw new PickleError(`protocol ${version}, expected 2 to 5`);
}

function top({ stack }: Machine): PickleValue {
  if (stack.length === 0) throw new PickleError('the stack is empty');
  return stack.at(-1)!;
}

function popMany({ stack, marks }: Machine, count: number): PickleValue[] {
  if (stack.length - count < (marks.at(-1) ?? 0)) throw new PickleError('the stack holds too few values');
  return stack.splice(stack.length - count);
}

function popToMark({ stack, marks }: Machine): PickleValue[] {
  const mark = marks.pop();
  if (mark === undefined) throw new PickleError('there is no mark to pop to');
  return stack.splice(mark);
}

function pushTuple({ stack }: Machine, items: readonly PickleValue[]): void {
  stack.push({ kind: 'tuple', items });
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const list = top(machine);
  if (!isKind(list, 'list')) throw new PickleError(`expected a list to append to, got ${describeValue(list)}`);
  for (const item of items) list.items.push(item);
}

function setItems(machine: Machine, keysAndValues: readonly PickleValue[]): void {
  const dict = top(machine);
  if (!isKind(dict, 'dict')) throw new PickleError(`expected a dict to set items of, got ${describeValue(dict)}`);
  if (keysAndValues.length % 2) throw new PickleError('a dict item has no value');
  for (let i = 0; i < keysAndValues.length; i += 2) dict.entries.set(keysAndValues[i], keysAndValues[i + 1]);
}

function recall({ stack, memo }: Machine, index: number): void {
  const value = memo.get(index);
  if (value === undefined) throw new PickleError(`memo ${index} was never stored`);
  stack.push(value);
}

function pushStackGlobal(machine: Machine): void {
  const [module, name] = popMany(machine, 2);
  if (typeof module !== 'string' || typeof name !== 'string') throw new PickleError('a global has no name');
  machine.stack.push({ kind: 'global', name: `${module}.${name}` });
}

function reduce(machine: Machine): void {
  const [callee, args] = popMany(machine, 2);
  if (!isKind(callee, 'global')) throw new PickleError(`expected a global to call, got ${describeValue(callee)}`);
  if (!isKind(args, 'tuple')) throw new PickleError(`${callee.name}: expected a tuple of arguments`);
  machine.stack.push(machine.doors.call(callee.name, args.items));
}

/** Sets attributes. Only dicts take any here (state dicts carry `_metadata`), and nothing reads them. */
function build(machine: Machine): void {
  popMany(machine, 1);
  const target = top(machine);
  if (!isKind(target, 'dict')) throw new PickleError(`setting the state of ${describeValue(target)} is not supported`);
}

/** Whether `value` is of that kind. */
export function isKind<K extends Extract<PickleValue, object>['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** For messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value !== 'object') return `the ${typeof value} ${JSON.stringify(value)}`;
  return value.kind === 'global' ? value.name : `a ${value.kind}`;
}

import type * as v from "valibot";
import { mapOf, number, object, text } from "./parts";

const stamp = { Path: text, CreateIndex: number, ModifyIndex: number };

/** A variable of a list of variables, without what is in it. https://developer.hashicorp.com/nomad/api-docs/variables/variables */
export const variableStub = object(stamp);

export interface VariableStub extends v.InferOutput<typeof variableStub> {}

/** A variable with what is in it. */
export const variable = object({ ...stamp, Items: mapOf(text) });

export interface Variable extends v.InferOutput<typeof variable> {}

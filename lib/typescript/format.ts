/** A program in the usual form. What formats it is large, and no one else waits for it. */
export async function formatted(program: string): Promise<string> {
  const [{ format }, estree, typescript] = await Promise.all([
    import("prettier/standalone"),
    import("prettier/plugins/estree"),
    import("prettier/plugins/typescript"),
  ]);
  return format(program, { parser: "typescript", plugins: [estree, typescript], printWidth: 120 });
}

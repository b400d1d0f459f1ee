/**
 * Makes of each section of a table what it stands for, under the same name.
 *
 * @param path of the table in ferry.yaml; `make` gets that of each section
 */
export const eachOf = <Section, Made>(
  sections: Readonly<Record<string, Section>>,
  path: string,
  make: (section: Section, path: string, name: string) => Made,
): Record<string, Made> =>
  Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [name, make(section, `${path}.${name}`, name)]),
  );

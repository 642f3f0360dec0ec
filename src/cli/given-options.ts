import { type Command, InvalidArgumentError, type Option } from "./commander.js";
import { UsageError } from "./usage-error.js";

/**
 * The options that were given, on the command line or by the environment, without those that only have their defaults. The variable of
 * an option is `WARMROUTE_` and its name in capitals. Commander's own way takes a variable of any text for a flag that is set, `false`
 * too, and does not say which variables there are without naming each in the help.
 * @throws UsageError for a variable that its option does not accept.
 */
export function givenOptions(command: Command, environment: Readonly<Record<string, string | undefined>>): object {
  const given: Record<string, unknown> = {};
  for (const option of command.options) {
    const name = option.attributeName();
    const variable = `WARMROUTE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const text = environment[variable];
    if (command.getOptionValueSource(name) === "cli") given[name] = command.getOptionValue(name);
    else if (text !== undefined && text !== "") given[name] = fromVariable(option, variable, text);
  }
  return given;
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

function fromVariable(option: Option, variable: string, text: string): unknown {
  if (!option.required && !option.optional) {
    if (Object.hasOwn(FLAGS, text)) return FLAGS[text];
    throw new UsageError(`${variable} must be true, false, 1 or 0, not ${JSON.stringify(text)}`);
  }
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UsageError(`${variable}, which is ${JSON.stringify(text)}: ${error.message}`);
  }
}

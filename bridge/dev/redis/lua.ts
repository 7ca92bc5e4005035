/**
 * Runs Redis scripts in fengari with the conversion rules of EVAL. Lua here is 5.3 and Redis has 5.1: a float that
 * is joined to a string prints as `1.0`; numbers given to redis.call and returned are the same in both.
 */
import { type LuaState, lauxlib, lua, lualib, to_jsstring, to_luastring } from "fengari";
import { RedisError, type Reply, Status } from "./keyspace.ts";

export type Call = (command: string[]) => Reply;
export type Script = (keys: string[], args: string[]) => Reply;

const maxInteger = 2 ** 31 - 1;

/** Compiles a script once; the returned function runs it in the same Lua state with fresh KEYS and ARGV. */
export function compileScript(source: string, call: Call): Script {
  const state = lauxlib.luaL_newstate();
  openLibraries(state);
  defineRedis(state, call);
  const body = source.replace(/^#!lua[^\n]*/, "");
  if (lauxlib.luaL_loadstring(state, to_luastring(body)) !== lua.LUA_OK) {
    throw new RedisError(`ERR Error compiling script (new function): ${textAt(state, -1)}`);
  }
  const chunk = lauxlib.luaL_ref(state, lua.LUA_REGISTRYINDEX);
  return (keys, args) => {
    lua.lua_settop(state, 0);
    setGlobal(state, "KEYS", keys);
    setGlobal(state, "ARGV", args);
    lua.lua_rawgeti(state, lua.LUA_REGISTRYINDEX, chunk);
    if (lua.lua_pcall(state, 0, 1, 0) !== lua.LUA_OK) throw new RedisError(scriptError(state));
    return pull(state, -1);
  };
}

function openLibraries(state: LuaState): void {
  const libraries = {
    _G: lualib.luaopen_base,
    string: lualib.luaopen_string,
    table: lualib.luaopen_table,
    math: lualib.luaopen_math,
  };
  for (const [name, open] of Object.entries(libraries)) {
    lauxlib.luaL_requiref(state, to_luastring(name), open, 1);
    lua.lua_pop(state, 1);
  }
  // Lua 5.1 has `unpack` where 5.3 has `table.unpack`.
  lauxlib.luaL_loadstring(state, to_luastring("unpack = table.unpack"));
  lua.lua_pcall(state, 0, 0, 0);
}

function defineRedis(state: LuaState, call: Call): void {
  const run = (isProtected: boolean) => (inner: LuaState) => {
    try {
      push(inner, call(argumentsOf(inner)));
      return 1;
    } catch (error) {
      pushTable(inner, "err", error instanceof RedisError ? error.message : `ERR ${error}`);
      return isProtected ? 1 : lua.lua_error(inner);
    }
  };
  const reply = (field: "ok" | "err") => (inner: LuaState) => {
    pushTable(inner, field, textAt(inner, 1));
    return 1;
  };
  const functions = { call: run(false), pcall: run(true), error_reply: reply("err"), status_reply: reply("ok") };
  lua.lua_createtable(state, 0, 4);
  for (const [name, define] of Object.entries(functions)) {
    lua.lua_pushcfunction(state, define);
    lua.lua_setfield(state, -2, to_luastring(name));
  }
  lua.lua_setglobal(state, to_luastring("redis"));
}

function textAt(state: LuaState, index: number): string {
  const bytes = lua.lua_tostring(state, index);
  return bytes === null ? "" : to_jsstring(bytes);
}

function argumentsOf(state: LuaState): string[] {
  const wrong = new RedisError("ERR Lua redis lib command arguments must be strings or integers");
  return Array.from({ length: lua.lua_gettop(state) }, (_, at) => {
    const type = lua.lua_type(state, at + 1);
    if (type === lua.LUA_TNUMBER) return String(lua.lua_tonumber(state, at + 1));
    if (type !== lua.LUA_TSTRING) throw wrong;
    return textAt(state, at + 1);
  });
}

function scriptError(state: LuaState): string {
  if (lua.lua_type(state, -1) !== lua.LUA_TTABLE) return `ERR ${textAt(state, -1)}`;
  lua.lua_getfield(state, -1, to_luastring("err"));
  return textAt(state, -1);
}

function setGlobal(state: LuaState, name: string, value: Reply): void {
  push(state, value);
  lua.lua_setglobal(state, to_luastring(name));
}

function pushTable(state: LuaState, field: "ok" | "err", text: string): void {
  lua.lua_createtable(state, 0, 1);
  lua.lua_pushstring(state, to_luastring(text));
  lua.lua_setfield(state, -2, to_luastring(field));
}

/** Reply -> Lua: nil is false, a status is {ok=...}; fengari's integers have 32 bits, larger ones are floats. */
function push(state: LuaState, value: Reply): void {
  if (value === null) lua.lua_pushboolean(state, false);
  else if (value instanceof Status) pushTable(state, "ok", value.text);
  else if (typeof value === "string") lua.lua_pushstring(state, to_luastring(value));
  else if (typeof value === "number") {
    if (Number.isInteger(value) && Math.abs(value) <= maxInteger) lua.lua_pushinteger(state, value);
    else lua.lua_pushnumber(state, value);
  } else {
    lua.lua_createtable(state, value.length, 0);
    for (const [index, item] of value.entries()) {
      push(state, item);
      lua.lua_rawseti(state, -2, index + 1);
    }
  }
}

/** Lua -> reply: numbers lose their fraction, true is 1, false and nil are null, a list ends at its first nil. */
function pull(state: LuaState, index: number): Reply {
  const type = lua.lua_type(state, index);
  if (type === lua.LUA_TBOOLEAN) return lua.lua_toboolean(state, index) ? 1 : null;
  if (type === lua.LUA_TNUMBER) return Math.trunc(lua.lua_tonumber(state, index));
  if (type === lua.LUA_TSTRING) return textAt(state, index);
  return type === lua.LUA_TTABLE ? pullTable(state, lua.lua_absindex(state, index)) : null;
}

function pullTable(state: LuaState, table: number): Reply {
  const error = fieldText(state, table, "err");
  if (error !== null) throw new RedisError(error);
  const status = fieldText(state, table, "ok");
  if (status !== null) return new Status(status);
  const items: Reply[] = [];
  for (let at = 1; ; at += 1) {
    lua.lua_rawgeti(state, table, at);
    const isEnd = lua.lua_isnil(state, -1);
    if (!isEnd) items.push(pull(state, -1));
    lua.lua_pop(state, 1);
    if (isEnd) return items;
  }
}

function fieldText(state: LuaState, table: number, name: string): string | null {
  lua.lua_getfield(state, table, to_luastring(name));
  const text = lua.lua_type(state, -1) === lua.LUA_TSTRING ? textAt(state, -1) : null;
  lua.lua_pop(state, 1);
  return text;
}

/** The part of fengari (Lua 5.3 in JavaScript) that lua.ts uses; the package ships no types. */
declare module "fengari" {
  /** A Lua thread; opaque. */
  export interface LuaState {
    readonly luaState: unique symbol;
  }
  type LuaFunction = (state: LuaState) => number;
  export const lua: {
    readonly LUA_OK: number;
    readonly LUA_REGISTRYINDEX: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    lua_absindex(state: LuaState, index: number): number;
    lua_createtable(state: LuaState, arrayLength: number, fields: number): void;
    lua_error(state: LuaState): number;
    lua_getfield(state: LuaState, index: number, name: Uint8Array): number;
    lua_gettop(state: LuaState): number;
    lua_isnil(state: LuaState, index: number): boolean;
    lua_pcall(state: LuaState, args: number, results: number, handler: number): number;
    lua_pop(state: LuaState, count: number): void;
    lua_pushboolean(state: LuaState, value: boolean): void;
    lua_pushcfunction(state: LuaState, run: LuaFunction): void;
    lua_pushinteger(state: LuaState, value: number): void;
    lua_pushnumber(state: LuaState, value: number): void;
    lua_pushstring(state: LuaState, text: Uint8Array): void;
    lua_rawgeti(state: LuaState, index: number, at: number): number;
    lua_rawseti(state: LuaState, index: number, at: number): void;
    lua_setfield(state: LuaState, index: number, name: Uint8Array): void;
    lua_setglobal(state: LuaState, name: Uint8Array): void;
    lua_settop(state: LuaState, index: number): void;
    lua_toboolean(state: LuaState, index: number): boolean;
    lua_tonumber(state: LuaState, index: number): number;
    lua_tostring(state: LuaState, index: number): Uint8Array | null;
    lua_type(state: LuaState, index: number): number;
  };
  export const lauxlib: {
    luaL_loadstring(state: LuaState, source: Uint8Array): number;
    luaL_newstate(): LuaState;
    luaL_ref(state: LuaState, table: number): number;
    luaL_requiref(state: LuaState, name: Uint8Array, open: LuaFunction, global: number): void;
  };
  export const lualib: {
    luaopen_base: LuaFunction;
    luaopen_math: LuaFunction;
    luaopen_string: LuaFunction;
    luaopen_table: LuaFunction;
  };
  export function to_luastring(text: string): Uint8Array;
  export function to_jsstring(text: Uint8Array): string;
}

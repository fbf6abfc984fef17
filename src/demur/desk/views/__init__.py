"""The pages, a module each; `urls` names them all."""

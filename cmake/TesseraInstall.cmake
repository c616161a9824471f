# `cmake --install` gives headers, libraries and a package: find_package(tessera) then tessera::tessera.

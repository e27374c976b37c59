"""Real servers, a real Docker engine and honest stand-ins for the tests.

Where to find what:

* ``docker_engine``: the engine and the images (built on demand from Debian packages).
* ``sql_server``: what every server below can do: SQL, filling with data, checksums.
* ``database_containers``: MariaDB and MySQL in containers.
* ``plain_mariadb``: MariaDB as a plain process; much cheaper where no container is needed.
* ``throwaway_server``: a server on a prepared directory, to prove that an archive restores.
* ``transaction_writer``: a thread that writes to the ledger while something else happens.
* ``small_filesystem``: a file system that fills up soon.
* ``systemd_host``: a Debian with systemd as its first process; ``packaged_host``: with the package installed on it.
* ``built_package``: the packages and the wheel of this checkout; ``earlier_package``: what to upgrade from.
* ``standin``: installs the stand-in for XtraBackup and the engines that lie.
"""
